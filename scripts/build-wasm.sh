#!/usr/bin/env bash
# The crate as build/wasm: cargo, wasm-bindgen, wasm-opt. Prints the size.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/wasm-env.sh

locked=$(locked_wasm_bindgen)
installed=$(installed_wasm_bindgen || true)
if [ "$installed" != "$locked" ]; then
  echo "build-wasm: Cargo.lock has wasm-bindgen $locked, the program wasm-bindgen is ${installed:-missing}: run 'cargo install wasm-bindgen-cli --version $locked'" >&2
  exit 1
fi

LEAN=1 wasm_env cargo build --release --lib --target wasm32-unknown-unknown

# in a folder of its own until all of it is there
out=$(mktemp -d build/wasm.XXXXXX)
trap 'rm -rf "$out"' EXIT
wasm-bindgen --target web --out-dir "$out" --out-name pgtap_cov \
  target/wasm/wasm32-unknown-unknown/release/pgtap_cov.wasm
optimise_wasm "$out/pgtap_cov_bg.wasm" "$out/optimised.wasm"
mv "$out/optimised.wasm" "$out/pgtap_cov_bg.wasm"

raw=$(wc -c <"$out/pgtap_cov_bg.wasm")
gzip=$(gzip -9c "$out/pgtap_cov_bg.wasm" | wc -c)
echo "wasm: $raw bytes, $gzip bytes gzip"
# 400 KB
limit=400000
if [ "$gzip" -gt "$limit" ]; then
  echo "build-wasm: the module has $gzip bytes gzip, more than the $limit that pages are promised" >&2
  exit 1
fi
mkdir -p build/wasm
mv "$out"/* build/wasm/
