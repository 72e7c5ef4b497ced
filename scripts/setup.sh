#!/usr/bin/env bash
# Installs what a step needs and is not there: setup.sh rust|lint|fuzz|wasm|wasm-bindgen|wasm-pack|chromium|node|peers
# Its last line says what cannot be had, and the remedy.
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

# --no-remove: a package that is in the way stays, and the step fails.
apt_install() {
  command -v apt-get >/dev/null || return 1
  sudo_if_needed apt-get update -q || true
  sudo_if_needed env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-remove --no-install-recommends "$@"
}

at_least() {
  [ "$(printf '%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]
}

case "${1:-}" in
rust)
  wanted=$(sed -n 's/^rust-version = "\(.*\)"$/\1/p' Cargo.toml)
  command -v cargo >/dev/null || apt_install rustc-web cargo-web ||
    fail "cargo is missing: install Rust $wanted or newer from https://rustup.rs"
  found=$(rustc --version | awk '{ print $2 }')
  at_least "$wanted" "$found" || fail "Rust $found is too old: run 'rustup update stable', or install $wanted or newer"
  ;;
lint)
  { cargo fmt --version && cargo clippy --version; } ||
    { if command -v rustup >/dev/null; then rustup component add rustfmt clippy; else apt_install rustfmt-web rust-web-clippy; fi; } ||
    fail "rustfmt or clippy is missing: run 'rustup component add rustfmt clippy'"
  ;;
fuzz)
  [ "$(cargo fuzz --version 2>/dev/null)" = "cargo-fuzz 0.13.2" ] || cargo install cargo-fuzz --version 0.13.2 --locked ||
    fail "cargo-fuzz is missing: run 'cargo install cargo-fuzz --version 0.13.2'"
  ;;
node)
  command -v node >/dev/null || fail "node is missing: install Node.js 20.19 or newer"
  at_least 20.19 "$(node -p process.versions.node)" || fail "Node.js $(node --version) is too old: install 20.19 or newer"
  npm ci --no-audit --no-fund || fail "npm could not install the packages of package-lock.json: see above, then run 'npm ci'"
  ;;
peers)
  npm ci --prefix benches --no-audit --no-fund || fail "npm could not install the packages of benches/package-lock.json: see above, then run 'npm ci --prefix benches'"
  ;;
wasm)
  { has_wasm_target && has_std_source; } || has_debian_toolchain ||
    { rustup target add wasm32-unknown-unknown && rustup component add rust-src; } ||
    apt_install rustc-web cargo-web rust-web-src lld-19 || has_wasm_target ||
    fail "no Rust toolchain for wasm32-unknown-unknown: run 'rustup target add wasm32-unknown-unknown' and 'rustup component add rust-src' where there is a network, or install Debian's rustc-web cargo-web rust-web-src lld-19"
  ;;
wasm-bindgen)
  version=$(locked_wasm_bindgen)
  [ "$(installed_wasm_bindgen || true)" = "$version" ] || cargo install wasm-bindgen-cli --version "$version" ||
    fail "wasm-bindgen $version is missing: run 'cargo install wasm-bindgen-cli --version $version'"
  ;;
wasm-pack)
  command -v wasm-pack || cargo install wasm-pack --version 0.15.1 --locked ||
    fail "wasm-pack is missing: run 'cargo install wasm-pack'"
  ;;
chromium)
  chrome="${CHROME:-/usr/bin/chromium}"
  driver="${CHROMEDRIVER:-/usr/bin/chromedriver}"
  { [ -x "$chrome" ] && [ -x "$driver" ]; } || apt_install chromium chromium-driver ||
    fail "Chromium or its driver is missing and apt-get cannot install them: install both and set CHROME and CHROMEDRIVER to their paths"
  { [ -x "$chrome" ] && [ -x "$driver" ]; } ||
    fail "$chrome or $driver is missing: set CHROME and CHROMEDRIVER to their paths"
  ;;
*)
  fail "usage: setup.sh rust|lint|fuzz|wasm|wasm-bindgen|wasm-pack|chromium|node|peers"
  ;;
esac
