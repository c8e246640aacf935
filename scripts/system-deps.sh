#!/usr/bin/env bash
# Makes sure that what pip cannot bring is on the system: Python's venv module and headers, a C++ compiler, Qt's libraries.
#   scripts/system-deps.sh           installs what is missing where apt may be used, else prints the line to type
#   scripts/system-deps.sh test      the tests' own needs as well: a database server, a virtual screen; missing ones
#                                    only make tests skip, so they are no error
set -euo pipefail
export PATH=$PATH:/usr/sbin:/sbin

# what is looked for:Debian package
needed=(
  libglib-2.0.so.0:libglib2.0-0 libGL.so.1:libgl1 libEGL.so.1:libegl1 libfontconfig.so.1:libfontconfig1
  libxkbcommon.so.0:libxkbcommon0 libdbus-1.so.3:libdbus-1-3 libxcb-cursor.so.0:libxcb-cursor0
  libxcb-icccm.so.4:libxcb-icccm4 libxcb-keysyms.so.1:libxcb-keysyms1 libxkbcommon-x11.so.0:libxkbcommon-x11-0
  libxcb-shape.so.0:libxcb-shape0 python-venv:python3-venv
)
[ -n "${FACEKD_NO_NATIVE:-}" ] || needed+=(python-headers:python3-dev c++:g++)
wished=()
[ "${1:-}" != test ] || wished=(
  mariadbd:mariadb-server-core mariadb-install-db:mariadb-server-core mariadb:mariadb-client-core
  Xvfb:xvfb xdotool:xdotool openbox:openbox xwininfo:x11-utils import:imagemagick
  desktop-file-validate:desktop-file-utils pcmanfm:pcmanfm dbus-run-session:dbus
)

python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || {
  echo "FaceKD needs Python 3.11 or newer as python3; this is $(python3 --version 2>&1 || echo none)." >&2; exit 2; }

libraries=$( (ldconfig -p 2>/dev/null || true) | awk '{print $1}')
present() {
  case $1 in
    python-venv) python3 -c 'import ensurepip, venv' 2>/dev/null ;;
    python-headers) python3 -c 'import pathlib, sys, sysconfig
sys.exit(not (pathlib.Path(sysconfig.get_paths()["include"]) / "Python.h").exists())' ;;
    *.so.*) grep -qxF "$1" <<<"$libraries" ;;
    *) command -v "$1" >/dev/null ;;
  esac
}
lacking() {  # the packages of those that are not there, each once
  local pair
  for pair; do present "${pair%%:*}" || echo "${pair#*:}"; done | sort -u
}

mapfile -t packages < <(lacking "${needed[@]}" ${wished[@]+"${wished[@]}"})
[ ${#packages[@]} -gt 0 ] || exit 0
mapfile -t musts < <(lacking "${needed[@]}")
install="apt-get install -y --no-install-recommends ${packages[*]}"

give_up() {  # only what is needed stops us
  [ ${#musts[@]} -gt 0 ] || { echo "Without ${packages[*]} some tests skip. $1" >&2; exit 0; }
  echo "$1" >&2
  exit 2
}
command -v apt-get >/dev/null ||
  give_up "Install with this system's package manager what Debian calls: ${packages[*]}"
if [ "$(id -u)" = 0 ]; then as_root=()
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then as_root=(sudo)
else give_up "Some system packages are missing; type: sudo apt-get update && sudo $install"
fi
echo "Installing system packages: ${packages[*]}"
log=$(mktemp)
if ! { ${as_root[@]+"${as_root[@]}"} apt-get update -qq &&
       ${as_root[@]+"${as_root[@]}"} env DEBIAN_FRONTEND=noninteractive $install; } >"$log" 2>&1; then
  tail -5 "$log" >&2
  give_up "The packages could not be installed (whole log: $log); type: sudo apt-get update && sudo $install"
fi
rm -f "$log"
libraries=$( (ldconfig -p 2>/dev/null || true) | awk '{print $1}')
mapfile -t musts < <(lacking "${needed[@]}")
[ ${#musts[@]} = 0 ] || { echo "Installed, yet still missing: ${musts[*]}. Is python3 this system's own?" >&2; exit 2; }
