#!/usr/bin/env bash
# The benchmarks as build/bench: the native program, and the peers as a module built as ours is.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/wasm-env.sh

mkdir -p build/bench
cargo build --release --locked --manifest-path benches/Cargo.toml --target-dir target/bench
wasm_env cargo build --release --locked --lib --manifest-path benches/Cargo.toml --target wasm32-unknown-unknown
optimise_wasm target/wasm/wasm32-unknown-unknown/release/peers.wasm build/bench/peers.wasm
cp target/bench/release/pgtap-cov-scale build/bench/scale
cp target/bench/release/pgtap-cov-bench build/bench/native
