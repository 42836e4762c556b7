#!/usr/bin/env bash
# Installs what the peers on Node need, once for each version of the lock file. With `present`, only says whether it is there.
set -euo pipefail
cd "$(dirname "$0")"
cmp -s package-lock.json node_modules/.installed && exit 0
[ "${1:-}" != present ] || { echo "not installed, and the short form installs nothing" >&2; exit 1; }
command -v npm >/dev/null || { echo "npm is missing: apt-get install nodejs npm" >&2; exit 1; }
npm ci --ignore-scripts
# The one package with native code. Its compiler asks the network for headers unless the system has them.
[ ! -d /usr/include/node ] || export npm_config_nodedir=/usr
npm rebuild better-sqlite3
node -e 'new (require("better-sqlite3"))(":memory:")'
cp package-lock.json node_modules/.installed
