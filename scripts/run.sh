#!/usr/bin/env bash
# Opens the application; where there is no screen, says so and runs the demo.
#   scripts/run.sh VENV
set -euo pipefail
bin=${1:?usage: scripts/run.sh VENV}/bin
if [ "$(uname)" = Linux ] && [ -z "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ] && [ "${QT_QPA_PLATFORM:-}" != offscreen ]; then
  echo "There is no screen here, so the window stays closed; this is the demo instead."
  exec "$bin/python" samples/demo.py --out out
fi
exec "$bin/facekd"
