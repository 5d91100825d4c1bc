#!/usr/bin/env bash
# Seconds from `git clone` to the first answer, in a fresh clone with an empty environment.
# The port 8000 must be free; the package registry's speed is part of the figure.
set -euo pipefail
source=$(git -C "$(dirname "$0")" rev-parse --show-toplevel)
work=$(mktemp -d)
began=$(date +%s)
git clone -q "$source" "$work/jmedqa"
cd "$work/jmedqa"
mkdir "$work/home"
setsid env -i HOME="$work/home" PATH="$PATH" make serve >"$work/serve.log" 2>&1 &
server=$!
trap 'kill -- -"$server" 2>/dev/null; rm -rf "$work"' EXIT
question='{"question": "CKD患者で高カリウム血症を認めたときの初期対応は？"}'
until curl -sf -m 30 http://127.0.0.1:8000/api/v1/answers -H 'Content-Type: application/json' \
  -d "$question" >"$work/answer.json" 2>/dev/null; do
  kill -0 "$server" || { tail "$work/serve.log" >&2; exit 1; }
  [ $(($(date +%s) - began)) -lt 600 ] || { echo "no answer in 600 s" >&2; exit 1; }
  sleep 1
done
echo "$(($(date +%s) - began)) s from clone to the first answer"
