#!/usr/bin/env bash
# Builds the virtual environment with the package (editable), its extension and the tools of the developers.
#   scripts/setup.sh VENV [desk]
# With "desk" neither the training part (torch) nor the tools come along.
# Marks it ready at the end, so that an interrupted set-up is done again.
set -euo pipefail
venv=${1:?usage: scripts/setup.sh VENV}
ready=$venv/.ready
if [ "${2:-}" = desk ]; then
  # builds in an environment of its own, so not in the folder that the tools of the developers build in
  parts=(--config-settings=build-dir=build/desk --editable .)
else
  parts=(--no-build-isolation --editable '.[train]')
fi

"$(dirname "$0")"/system-deps.sh
python=$venv/bin/python
if ! "$python" -c 'import pip' 2>/dev/null; then
  echo "Making the virtual environment $venv"
  python3 -m venv --clear "$venv"
fi
echo "Installing FaceKD and its libraries (a few minutes the first time)"
log=$venv/setup.log
if ! {
  # --group needs pip 25.1; Debian 12 has 23.
  "$python" -m pip install --upgrade 'pip>=25.1' &&
  { [ "${2:-}" = desk ] || "$python" -m pip install --group dev; } &&
  "$python" -m pip install "${parts[@]}"
} >"$log" 2>&1; then
  tail -15 "$log" >&2
  echo "The set-up did not finish (whole log: $log). Without a C++20 compiler: FACEKD_NO_NATIVE=1 make setup" >&2
  exit 1
fi
touch "$ready"
