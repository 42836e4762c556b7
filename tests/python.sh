#!/usr/bin/env bash
# Makes the Python environment of the tests, once for each version of requirements.txt, and says where it is.
set -euo pipefail
tests=$(cd "$(dirname "$0")" && pwd)
digest=$(sha256sum "$tests/requirements.txt" | cut -c 1-16)
folder=$tests/../target/python/$digest
mkdir -p "$tests/../target"
exec 9>"$tests/../target/python.lock"
flock 9
if [ ! -e "$folder/ready" ]; then
    rm -rf "$folder"
    mkdir -p "${folder%/*}"
    python3 -m venv "$folder" >&2
    "$folder/bin/pip" install --quiet --disable-pip-version-check --no-deps --requirement "$tests/requirements.txt" >&2
    touch "$folder/ready"
fi
echo "$folder"
