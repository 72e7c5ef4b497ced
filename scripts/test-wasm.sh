#!/usr/bin/env bash
# tests/wasm.rs in headless Chromium, through wasm-pack.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/wasm-env.sh
wasm_env wasm-pack test --headless --chrome --release --mode no-install \
  --chromedriver "${CHROMEDRIVER:-/usr/bin/chromedriver}" . --test wasm
