#!/usr/bin/env bash
# Installs what a step needs and is not there: setup.sh rust|wasm|wasm-bindgen|wasm-pack|chromium|node
# Says in one line what cannot be had, and the remedy.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/wasm-env.sh

fail() {
  echo "setup: $1" >&2
  exit 1
}

sudo_if_needed() {
  if [ "$(id -u)" = 0 ]; then "$@"; elif command -v sudo >/dev/null; then sudo "$@"; else return 1; fi
}

apt_install() {
  command -v apt-get >/dev/null || return 1
  sudo_if_needed apt-get update -q || true
  sudo_if_needed env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@"
}

locked_version() {
  awk -v name="\"$1\"" '$1 == "name" && $3 == name { getline; gsub(/"/, "", $3); print $3; exit }' Cargo.lock
}

case "${1:-}" in
rust)
  command -v cargo >/dev/null || fail "cargo is missing: install Rust 1.95 or newer from https://rustup.rs"
  ;;
node)
  command -v node >/dev/null || fail "node is missing: install Node.js 20.19 or newer"
  node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' ||
    fail "Node.js $(node --version) is too old: install 20.19 or newer"
  npm ci --no-audit --no-fund
  ;;
wasm)
  if ! has_wasm_target && ! rustup target add wasm32-unknown-unknown; then
    has_debian_toolchain || apt_install rustc-web cargo-web rust-web-src lld-19 ||
      fail "no Rust toolchain for wasm32-unknown-unknown: run 'rustup target add wasm32-unknown-unknown' where there is a network, or install Debian's rustc-web cargo-web rust-web-src lld-19"
    # wasm-pack looks for this folder, which a target that is built from source does not have
    folder="$(/usr/bin/rustc --print sysroot)/lib/rustlib/wasm32-unknown-unknown"
    [ -d "$folder" ] || sudo_if_needed mkdir -p "$folder" || fail "cannot make $folder, which wasm-pack looks for: make it as root"
  fi
  ;;
wasm-bindgen)
  version=$(locked_version wasm-bindgen)
  if [ "$(wasm-bindgen --version 2>/dev/null)" != "wasm-bindgen $version" ]; then
    cargo install wasm-bindgen-cli --version "$version" ||
      fail "wasm-bindgen $version is missing: run 'cargo install wasm-bindgen-cli --version $version'"
  fi
  ;;
wasm-pack)
  command -v wasm-pack >/dev/null || cargo install wasm-pack --version 0.15.1 --locked ||
    fail "wasm-pack is missing: run 'cargo install wasm-pack'"
  ;;
chromium)
  chrome="${CHROME:-/usr/bin/chromium}"
  driver="${CHROMEDRIVER:-/usr/bin/chromedriver}"
  { [ -x "$chrome" ] && [ -x "$driver" ]; } || apt_install chromium chromium-driver ||
    fail "Chromium and its driver are missing: install them and set CHROME and CHROMEDRIVER to their paths"
  { [ -x "$chrome" ] && [ -x "$driver" ]; } ||
    fail "$chrome or $driver is missing: set CHROME and CHROMEDRIVER to their paths"
  ;;
*)
  fail "usage: setup.sh rust|wasm|wasm-bindgen|wasm-pack|chromium|node"
  ;;
esac
