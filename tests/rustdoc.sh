#!/usr/bin/env bash
# Stands before rustdoc when cargo tests the examples in the documentation: writes the documentation first, so that a
# link that leads nowhere is an error. `cargo doc` does that, too, after compiling every dependency a second time.
set -euo pipefail

arguments=()
is_folder=
for argument in "$@"; do
    if [ -n "$is_folder" ]; then
        is_folder=
    elif [ "$argument" = --test-run-directory ]; then
        is_folder=yes
    elif [ "$argument" != --test ]; then
        arguments+=("$argument")
    fi
done
rustdoc "${arguments[@]}" --deny=warnings --out-dir="$(dirname "$0")/../target/doc"
exec rustdoc "$@"
