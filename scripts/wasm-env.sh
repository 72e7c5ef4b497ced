# Sourced: which Rust toolchain builds for wasm32-unknown-unknown, and wasm_env to run a command with it.

# The default toolchain has the target.
has_wasm_target() {
  local sysroot
  sysroot=$(rustc --print sysroot 2>/dev/null) && [ -d "$sysroot/lib/rustlib/wasm32-unknown-unknown/lib" ]
}

# It has the sources of std, too.
has_std_source() {
  local sysroot
  sysroot=$(rustc --print sysroot 2>/dev/null) && [ -d "$sysroot/lib/rustlib/src/rust/library" ]
}

# Debian's packages rustc-web, cargo-web, rust-web-src and lld-19, which build std from source.
has_debian_toolchain() {
  [ -x /usr/bin/rustc ] && [ -x /usr/bin/cargo ] && [ -x /usr/bin/wasm-ld-19 ] &&
    [ -d "$(/usr/bin/rustc --print sysroot)/lib/rustlib/src/rust/library" ]
}

# A target directory of its own: native builds and these have other flags and would evict each other. More inlining than this (225 by itself)
# makes the module a tenth larger and no faster. LEAN=1 leaves out where a panic stands and how
# values are debugged, which nobody sees of a module in a page: 13 KB of 400.
# A message must not use `{:?}`, which fmt-debug leaves empty.
wasm_env() {
  local unset=(-u CARGO_ENCODED_RUSTFLAGS)
  local flags="${LEAN:+-Zlocation-detail=none -Zfmt-debug=none}"
  local settings=(CARGO_TARGET_DIR=target/wasm "RUSTFLAGS=$flags -C target-feature=+simd128 --remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=cargo -C llvm-args=-inline-threshold=60")
  [ -z "$flags" ] || settings+=(RUSTC_BOOTSTRAP=1)
  # a std that is built for size along with the module takes 15 KB less of it
  local own=(CARGO_UNSTABLE_BUILD_STD=std,panic_abort)
  [ -z "$flags" ] || own+=(CARGO_UNSTABLE_BUILD_STD_FEATURES=optimize_for_size)
  if [ -n "$flags" ] && has_wasm_target && has_std_source; then
    settings+=("${own[@]}")
  elif ! has_wasm_target || { [ -n "$flags" ] && has_debian_toolchain; }; then
    unset+=(-u RUSTUP_TOOLCHAIN)
    # PANIC_ABORT_TESTS: with panic=abort in the profile, tests would get a second std that collides with the first.
    settings+=(
      "PATH=/usr/bin:$PATH" RUSTC=/usr/bin/rustc CARGO=/usr/bin/cargo
      RUSTC_BOOTSTRAP=1 "${own[@]}" CARGO_UNSTABLE_PANIC_ABORT_TESTS=true
      CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=/usr/bin/wasm-ld-19
    )
  fi
  env "${unset[@]}" "${settings[@]}" "$@"
}

# optimise_wasm IN OUT: LLVM has inlined what pays, and functions of like names are alike, so they compress best side by
# side. Both together: 17 KB gzip of 399, and no slower. Locals that share a number where they may, those used most first,
# and no sections that only tools read: half a KB.
optimise_wasm() {
  node_modules/.bin/wasm-opt -O3 -fimfs=0 -aimfs=0 -ocimfs=1 --coalesce-locals-learning --vacuum --reorder-locals \
    --reorder-functions-by-name --strip-producers --strip-target-features --enable-simd --enable-bulk-memory --enable-bulk-memory-opt --enable-sign-ext \
    --enable-mutable-globals --enable-nontrapping-float-to-int --enable-reference-types --enable-multivalue \
    "$1" -o "$2"
}

# The version of the crate wasm-bindgen, which its program must share.
locked_wasm_bindgen() {
  awk '$1 == "name" && $3 == "\"wasm-bindgen\"" { getline; gsub(/"/, "", $3); print $3; exit }' Cargo.lock
}

installed_wasm_bindgen() {
  wasm-bindgen --version 2>/dev/null | awk '{ print $2 }'
}
