#!/usr/bin/env bash
# Lock base and dev (which holds bench) with hashes. `models` and `gpu` are version files without
# hashes, never resolved together: their torch builds differ.
set -euo pipefail
cd "$(dirname "$0")/.."
compile=("${BIN:?}/pip-compile" --quiet --generate-hashes --allow-unsafe --strip-extras
  --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-config
  --resolver=backtracking pyproject.toml)
export CUSTOM_COMPILE_COMMAND="make lock"
"${compile[@]}" --all-build-deps --output-file requirements/base.txt "$@"
"${compile[@]}" --extra bench --constraint requirements/base.txt --output-file requirements/bench.txt "$@"
"${compile[@]}" --extra bench --extra dev --constraint requirements/base.txt --output-file requirements/dev.txt "$@"
