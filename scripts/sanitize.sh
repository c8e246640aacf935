#!/bin/sh
# Runs the compiled engine under sanitizers: ASan and UBSan over the Python tests and a million random calls,
# TSan over readers and writers at the same time. Needs GCC or Clang, CMake and the project's environment.
#   scripts/sanitize.sh VENV [CALLS] [SECONDS]     (1000000 random calls, 20 seconds of readers and writers)
set -eu
python=$(cd "${1:?usage: scripts/sanitize.sh VENV [CALLS] [SECONDS]}" && pwd)/bin/python
cd "$(dirname "$0")/.."
calls=${2:-1000000}
seconds=${3:-20}
work=build/sanitize
jobs=$(getconf _NPROCESSORS_ONLN)

configure() { # folder, sanitizers, further options
    folder=$1
    sanitizers=$2
    shift 2
    cmake -S cpp_ext -B "$folder" -DCMAKE_BUILD_TYPE=RelWithDebInfo -DFACEKD_SANITIZE="$sanitizers" \
        -DFACEKD_WERROR=ON -DPython_EXECUTABLE="$python" \
        -Dpybind11_DIR="$("$python" -m pybind11 --cmakedir)" "$@" >"$folder.log" 2>&1 || { cat "$folder.log" >&2; exit 1; }
    cmake --build "$folder" -j "$jobs" >"$folder.log" 2>&1 || { cat "$folder.log" >&2; exit 1; }
}

mkdir -p "$work"
echo "sanitize: building with ASan and UBSan"
configure "$work/address" address,undefined -DFACEKD_CHECKS=ON
echo "sanitize: building with TSan"
configure "$work/thread" thread -DFACEKD_CHECKS=ON -DFACEKD_MODULE=OFF

export UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
each=$((calls / 3 + 1))
for kernel in $("$python" -c 'from facekd import _native; print(*_native.kernels())'); do
    FACEKD_KERNEL=$kernel "$work/address/random_calls" "$each" "$each"
done

# The tests, with the instrumented module in the place of the installed one: a copy of the package in which only
# the module differs, first on the path; an editable install's finder would still go before it, so it is taken
# out. The interpreter is not instrumented: the library is loaded before it, and its own leaks are not counted.
rm -rf "$work/site"
mkdir -p "$work/site"
cp -R facekd "$work/site/facekd"
cp "$work"/address/_native*.so "$work/site/facekd/"
cat >"$work/site/sitecustomize.py" <<'END'
import sys

sys.meta_path = [finder for finder in sys.meta_path if type(finder).__name__ != "ScikitBuildRedirectingFinder"]
END
compiler=$(sed -n 's/^CMAKE_CXX_COMPILER:[A-Z]*=//p' "$work/address/CMakeCache.txt")
sanitized() {
    LD_PRELOAD="$("$compiler" -print-file-name=libasan.so) $("$compiler" -print-file-name=libstdc++.so)" \
        ASAN_OPTIONS=detect_leaks=0 PYTHONMALLOC=malloc OMP_WAIT_POLICY=PASSIVE FACEKD_SANITIZED=1 \
        PYTHONPATH="$PWD/$work/site" "$python" -P "$@"
}
sanitized -c 'import facekd._native as module, sys; sys.exit("build/sanitize" not in module.__file__)' ||
    { echo "sanitize: expected the instrumented module to be imported, another one was" >&2; exit 1; }
sanitized -m pytest -q -p no:cacheprovider tests/native tests/facekd/test_search.py tests/facekd/test_align.py \
    tests/facekd/test_letterbox.py

TSAN_OPTIONS=halt_on_error=1 "$work/thread/readers_and_writers" "$seconds"
echo "sanitize: nothing found"
