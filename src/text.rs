//! Texts compared without a call of the library's, which for a name would take longer than it works.

/// Equal texts; of a short one two words tell.
// once in the module
#[cfg_attr(target_arch = "wasm32", inline(never))]
pub fn is_same(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    // the ends of both, which overlap
    fn ends<const N: usize>(text: &[u8]) -> Option<(&[u8; N], &[u8; N])> {
        text.first_chunk().zip(text.last_chunk())
    }
    if a.len() > 16 {
        a == b
    } else if let (Some(a), Some(b)) = (ends::<8>(a), ends::<8>(b)) {
        a == b
    } else if let (Some(a), Some(b)) = (ends::<4>(a), ends::<4>(b)) {
        a == b
    } else {
        a.iter().zip(b).all(|(a, b)| a == b)
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn texts_are_the_same_where_their_bytes_are(a: Vec<u8>, at: usize, by: u8) {
            for length in 0..a.len().min(20) {
                let mut b = a[..length].to_vec();
                prop_assert!(is_same(&a[..length], &b));
                prop_assert!(!is_same(&a, &b));
                if length > 0 {
                    b[at % length] ^= by;
                    prop_assert_eq!(is_same(&a[..length], &b), by == 0);
                }
            }
        }
    }
}
