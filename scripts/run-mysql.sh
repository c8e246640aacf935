#!/usr/bin/env bash
# Runs a command on a private MariaDB: server, schema and least-privilege account under the home folder, stopped
# again when the command ends. Usage: scripts/run-mysql.sh HOME_FOLDER COMMAND [ARGUMENT...]
set -euo pipefail
home=${1:?usage: scripts/run-mysql.sh HOME_FOLDER COMMAND [ARGUMENT...]}
shift
: "${1:?usage: scripts/run-mysql.sh HOME_FOLDER COMMAND [ARGUMENT...]}"
root=$(cd "$(dirname "$0")/.." && pwd)
exec "${PYTHON:-$root/.venv/bin/python}" -m facekd_db.server --home "$home" -- "$@"
