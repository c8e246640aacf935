#!/usr/bin/env bash
# Builds the sdist and from it the wheel, installs the wheel in a fresh environment, and uses it from elsewhere.
#   scripts/packages.sh VENV
set -euo pipefail
venv=$(cd "${1:?usage: scripts/packages.sh VENV}" && pwd)
work=$(mktemp -d)
trap 'rm -rf "${work:?}"' EXIT

"$venv/bin/python" -m build --outdir "$work/dist" . >"$work/build.log" 2>&1 || { tail -20 "$work/build.log" >&2; exit 1; }
sdist=$(echo "$work"/dist/*.tar.gz) wheel=$(echo "$work"/dist/*.whl)

# The libraries are those of $venv already; a fresh environment that sees them shows what the wheel itself brings.
"$venv/bin/python" -m venv "$work/fresh"
fresh=$work/fresh/bin/python
"$fresh" -m pip install --quiet --no-deps "$wheel"
"$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_paths()["purelib"])' >"$("$fresh" -c 'import sysconfig; print(sysconfig.get_paths()["purelib"])')/libraries.pth"
cd "$work"
"$fresh" - <<'PY'
import pathlib
import facekd, facekd_db, facekd_ui, facekd.models

where = pathlib.Path(facekd.__file__).parent
assert "fresh" in where.parts, where
assert (where / "py.typed").is_file() and list(facekd.models.CARDS.glob("*.toml"))
PY
"$work/fresh/bin/facekd-cli" --version
tar -tzf "$sdist" >"$work/contents"
for part in cpp_ext/CMakeLists.txt facekd/cards/ db/facekd_db/ LICENSE; do
  grep -q "/$part" "$work/contents" || { echo "the sdist lacks $part" >&2; exit 1; }
done
echo "built and imported $(basename "$sdist") and $(basename "$wheel")"
