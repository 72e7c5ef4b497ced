//! Names that PostgreSQL makes for what has none.

use crate::limits::NAME_BYTES;
use crate::sql::literal::clip;

/// `makeObjectName` (indexcmds.c): `name1_name2_label`, the longer of the two names cut until it fits 63 bytes.
/// `pass` counts the names that were taken: it is appended to the label.
pub fn make_object_name(name1: &[u8], name2: &[u8], label: &[u8], pass: u32) -> Vec<u8> {
    let mut label = label.to_vec();
    if pass > 0 {
        label.extend_from_slice(pass.to_string().as_bytes());
    }
    let overhead = 1 + label.len() + usize::from(!name2.is_empty());
    let room = NAME_BYTES.saturating_sub(overhead);
    let (mut length1, mut length2) = (name1.len(), name2.len());
    while length1 + length2 > room && length1 + length2 > 0 {
        if length1 > length2 {
            length1 -= 1;
        } else {
            length2 -= 1;
        }
    }
    let mut name = clip(name1, length1).to_vec();
    if !name2.is_empty() {
        name.push(b'_');
        name.extend_from_slice(clip(name2, length2));
    }
    name.push(b'_');
    name.extend_from_slice(&label);
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_cut_as_postgresql_does() {
        let make = |a: &str, b: &str, label: &str, pass| {
            String::from_utf8(make_object_name(a.as_bytes(), b.as_bytes(), label.as_bytes(), pass)).unwrap_or_default()
        };
        assert_eq!(make("rooms", "", "pkey", 0), "rooms_pkey");
        assert_eq!(make("rooms", "site_id", "fkey", 0), "rooms_site_id_fkey");
        assert_eq!(make("rooms", "name", "key", 1), "rooms_name_key1");
        let long = "a".repeat(60);
        let name = make(&long, "column_name", "fkey", 0);
        assert_eq!(name, format!("{}_column_name_fkey", "a".repeat(46)));
        assert_eq!(name.len(), 63);
    }
}
