#!/usr/bin/env bash
# Makes sure that Python's venv module, a C++ compiler and the libraries that the wheels link to are there.
#   scripts/system-deps.sh           installs what is missing where apt may be used, else prints the line to type
#   scripts/system-deps.sh --list    prints the Debian packages
set -euo pipefail

# ensurepip lives in the -venv package of the interpreter's own version; libstdc++ and zlib serve the wheels.
packages=(python3-venv python3-dev g++ libstdc++6 zlib1g)
[ "${1:-}" != --list ] || { printf '%s\n' "${packages[@]}"; exit 0; }
[ "${FACEKD_NO_NATIVE:-}" = "" ] || packages=(python3-venv libstdc++6 zlib1g)

works() {
  python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || return 1
  python3 -c 'import ensurepip, venv' 2>/dev/null || return 1
  [ "${FACEKD_NO_NATIVE:-}" != "" ] && return 0
  python3 - <<'PY' || return 1
import pathlib, sysconfig, sys
sys.exit(not (pathlib.Path(sysconfig.get_paths()["include"]) / "Python.h").exists())
PY
  command -v "${CXX:-c++}" >/dev/null || command -v g++ >/dev/null
}

if works; then exit 0; fi
python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
  echo "FaceKD needs Python 3.11 or newer as python3; this is $(python3 --version)." >&2; exit 2; }

install="apt-get install -y --no-install-recommends ${packages[*]}"
if ! command -v apt-get >/dev/null; then
  echo "FaceKD needs Python's venv module and headers and a C++20 compiler; install them with this system's package manager (on Debian: sudo $install)." >&2
  exit 2
fi
if [ "$(id -u)" = 0 ]; then as_root=()
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then as_root=(sudo)
else
  echo "Some system packages are missing; type: sudo apt-get update && sudo $install" >&2
  exit 2
fi
echo "Installing system packages: ${packages[*]}"
log=$(mktemp)
if ! { "${as_root[@]}" apt-get update -qq && "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive $install; } >"$log" 2>&1; then
  tail -5 "$log" >&2
  echo "The packages could not be installed (whole log: $log); type: sudo apt-get update && sudo $install" >&2
  exit 2
fi
rm -f "$log"
works || { echo "The packages are installed, yet python3 -m venv or the compiler still does not work; see CONTRIBUTING.md." >&2; exit 2; }
