//! XXH3-64, compiled once: inlined it would stand in the module a dozen times.

/// The hash of `bytes`, without a seed; the same on every machine. It finds things again, and damage; it is no signature.
#[inline(never)]
pub fn xxh3_64(bytes: &[u8]) -> u64 {
    xxhash_rust::xxh3::xxh3_64(bytes)
}
