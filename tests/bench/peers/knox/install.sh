#!/usr/bin/env bash
# Installs what knox needs, once for each version of requirements.txt, into the folder $1. With `present` as $2, only says
# whether it is there.
set -euo pipefail
requirements=$(cd "$(dirname "$0")" && pwd)/requirements.txt
cmp -s "$requirements" "$1/installed" && exit 0
[ "${2:-}" != present ] || { echo "not installed, and the short form installs nothing" >&2; exit 1; }
python3 -c 'import ensurepip' || { echo "venv is missing: apt-get install python3-venv" >&2; exit 1; }
rm -rf "$1"
python3 -m venv "$1"
"$1/bin/pip" install --quiet --disable-pip-version-check --no-deps --requirement "$requirements"
cp "$requirements" "$1/installed"
