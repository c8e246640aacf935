#!/usr/bin/env bash
# Style, formatting, types, the stub of the extension, and who imports whom.
#   scripts/check.sh VENV
set -euo pipefail
bin=$(cd "${1:?usage: scripts/check.sh VENV}/bin" && pwd)
"$bin/ruff" check
"$bin/ruff" format --check
"$bin/mypy"
"$bin/lint-imports"
if "$bin/python" -c 'import facekd._native' 2>/dev/null; then
  "$bin/python" -m mypy.stubtest facekd._native
else
  echo "no extension in this installation: its stub is not checked"
fi
