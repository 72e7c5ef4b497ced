#!/usr/bin/env bash
# The crate as build/wasm: cargo, wasm-bindgen, wasm-opt. Prints the size.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/wasm-env.sh

wasm_env cargo build --release --lib --target wasm32-unknown-unknown
wasm-bindgen --target web --out-dir build/wasm --out-name pgtap_cov \
  target/wasm/wasm32-unknown-unknown/release/pgtap_cov.wasm
node_modules/.bin/wasm-opt -O3 --enable-simd --enable-bulk-memory --enable-bulk-memory-opt --enable-sign-ext \
  --enable-mutable-globals --enable-nontrapping-float-to-int --enable-reference-types --enable-multivalue \
  build/wasm/pgtap_cov_bg.wasm -o build/wasm/pgtap_cov_bg.opt.wasm
mv build/wasm/pgtap_cov_bg.opt.wasm build/wasm/pgtap_cov_bg.wasm
raw=$(wc -c <build/wasm/pgtap_cov_bg.wasm)
gzip=$(gzip -9c build/wasm/pgtap_cov_bg.wasm | wc -c)
echo "wasm: $raw bytes, $gzip bytes gzip"
limit=400000
if [ "$gzip" -gt "$limit" ]; then
  echo "build-wasm: the module has $gzip bytes gzip, more than the $limit that pages are promised" >&2
  exit 1
fi
