#!/usr/bin/env bash
# tests/wasm.rs in headless Chromium, through wasm-pack, which downloads nothing.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/wasm-env.sh

if [ -n "${CHROME:-}" ]; then
  # chromedriver looks for a browser in its own places only
  WASM_BINDGEN_TEST_WEBDRIVER_JSON=$PWD/build/webdriver.json
  export WASM_BINDGEN_TEST_WEBDRIVER_JSON
  mkdir -p build
  node -e 'const o = JSON.parse(fs.readFileSync("webdriver.json")); o["goog:chromeOptions"].binary = process.env.CHROME;
    fs.writeFileSync("build/webdriver.json", JSON.stringify(o))'
fi
# CHROME is also wasm-pack's name for its own flag
wasm_env env -u CHROME wasm-pack test --headless --chrome --release --mode no-install \
  --chromedriver "${CHROMEDRIVER:-/usr/bin/chromedriver}" . --test wasm
