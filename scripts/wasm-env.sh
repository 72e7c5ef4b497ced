# Sourced: which Rust toolchain builds for wasm32-unknown-unknown, and wasm_env to run a command with it.

# The default toolchain has the target.
has_wasm_target() {
  [ -d "$(rustc --print sysroot 2>/dev/null)/lib/rustlib/wasm32-unknown-unknown/lib" ]
}

# Debian's packages rustc-web, cargo-web, rust-web-src and lld-19, which build std from source.
has_debian_toolchain() {
  [ -x /usr/bin/rustc ] && [ -x /usr/bin/cargo ] && [ -x /usr/bin/wasm-ld-19 ] &&
    [ -d "$(/usr/bin/rustc --print sysroot)/lib/rustlib/src/rust/library" ]
}

wasm_env() {
  local settings=(CARGO_TARGET_DIR=target/wasm "RUSTFLAGS=-C target-feature=+simd128")
  if ! has_wasm_target; then
    settings+=(
      "PATH=/usr/bin:$PATH" RUSTC=/usr/bin/rustc CARGO=/usr/bin/cargo
      RUSTC_BOOTSTRAP=1 CARGO_UNSTABLE_BUILD_STD=std,panic_abort
      CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=/usr/bin/wasm-ld-19
    )
  fi
  env -u RUSTUP_TOOLCHAIN "${settings[@]}" "$@"
}
