#!/usr/bin/env bash
# Installs FaceKD without a compiler and shows that the reference engine serves.
#   scripts/no-native.sh VENV     (its libraries are borrowed)
set -euo pipefail
venv=$(cd "${1:?usage: scripts/no-native.sh VENV}" && pwd)
work=$(mktemp -d)
trap 'rm -rf "${work:?}"' EXIT
"$venv/bin/python" -m venv "$work/fresh"
fresh=$work/fresh/bin/python
"$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_paths()["purelib"])' >"$("$fresh" -c 'import sysconfig; print(sysconfig.get_paths()["purelib"])')/libraries.pth"
# A compiler that cannot run stands for none at all.
FACEKD_NO_NATIVE=1 CC=/bin/false CXX=/bin/false "$fresh" -m pip install --quiet --no-deps .
cp -r tests "$work/tests"
cd "$work"
"$work/fresh/bin/facekd-cli" --home "$work/home" doctor --json >doctor.json || true
"$fresh" - <<'PY'
import json, pathlib

import facekd.native

checks = {check["name"]: check for check in json.loads(pathlib.Path("doctor.json").read_text())["checks"]}
assert facekd.native.extension is None, "an extension was installed all the same"
assert "NumPy" in checks["native engine"]["detail"], checks["native engine"]
PY
"$fresh" -m pytest -q -p no:cacheprovider -o markers=shared --rootdir "$work" "$work/tests/facekd/test_search.py" "$work/tests/facekd/test_align.py" "$work/tests/facekd/test_letterbox.py"
echo "without the extension the reference serves"
