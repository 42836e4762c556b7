#!/usr/bin/env bash
# All checks and all tests, on a fresh Debian machine too: installs what is missing, then runs format,
# lints, documentation and every test. Ends with the test runner's own summary.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '\n== %s\n' "$*"; }

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

# install PACKAGE...: Debian packages, once.
install() {
    say "installing $*"
    as_root apt-get update -q
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@"
}

missing=()
command -v cargo >/dev/null || { echo "Rust is missing: install it from https://rustup.rs" >&2; exit 1; }
command -v cc >/dev/null || missing+=(gcc libc6-dev)
compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || command -v initdb >/dev/null || missing+=(postgresql)
command -v node >/dev/null && command -v npm >/dev/null || missing+=(nodejs npm)
[ -x /usr/bin/chromium ] || missing+=(chromium fonts-dejavu-core)
command -v curl >/dev/null || missing+=(curl)
command -v jq >/dev/null || missing+=(jq)
python3 -c 'import ensurepip' 2>/dev/null || missing+=(python3 python3-venv)
command -v haproxy >/dev/null || missing+=(haproxy)
command -v openssl >/dev/null || missing+=(openssl)
command -v systemd-analyze >/dev/null || missing+=(systemd)
command -v wrk >/dev/null || missing+=(wrk)
command -v nginx >/dev/null || missing+=(nginx)
command -v h2load >/dev/null || missing+=(nghttp2-client)
command -v runuser >/dev/null && command -v unshare >/dev/null || missing+=(util-linux)
[ ${#missing[@]} = 0 ] || install "${missing[@]}"

[ "$(node -p 'process.versions.node.split(".")[0]')" -ge 20 ] || {
    echo "Node $(node --version) is too old for the tests' identity provider: install 20 or later" >&2
    exit 1
}

say "Node packages for the tests"
(cd tests && npm ci --ignore-scripts --no-audit --no-fund)

say "Python packages for the tests"
bash tests/python.sh

say "format"
cargo fmt --all --check

# Clippy compiles what it checks, so that everything is compiled once, with its lints: every crate of this repository
# with it, all others with rustc.
export RUSTC_WORKSPACE_WRAPPER=clippy-driver RUSTFLAGS="-D warnings"

say "lints: what people build"
cargo build --locked

# With faults that tests switch on; the tests take this binary.
say "lints: everything that is tested"
cargo build --workspace --all-targets --locked

say "documentation"
RUSTDOC="$PWD/tests/rustdoc.sh" cargo test --workspace --locked --doc

say "tests"
# These have the machine to themselves: they look at the clock, or fill both processors.
alone=(browser canaries faults history model schema)
mapfile -t together < <(cargo metadata --no-deps --format-version 1 --locked |
    jq -r '.packages[].targets[] | select(.kind == ["test"]).name' | grep -vxF "$(printf '%s\n' "${alone[@]}")")
# Most tests wait most of the time; those that look at the clock are disturbed by too many others.
RUST_TEST_THREADS=4 cargo test --workspace --locked --lib --bins "${together[@]/#/--test=}"
cargo test --workspace --locked "${alone[@]/#/--test=}"

say "bench, to see that it works: these numbers mean nothing"
SYMBOLON_BENCH=short cargo bench --profile dev --workspace --locked --bench verify --bench writes --bench log --bench transports --bench load
