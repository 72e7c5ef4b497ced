//! Numbers and texts as bytes; every read is bounded.

use crate::error::{Code, Error};

/// The end of the input was reached inside of a value, or a value is out of range.
pub fn corrupt(what: &str) -> Error {
    Error::new(Code::Corrupt, format!("a block ends inside of {what}, or it is out of range"))
}

/// Appends a variable-length number: 7 bits a byte, low ones first.
pub fn put_u64(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    out.push(value.to_le_bytes()[0]);
}

/// Appends a difference, zigzag-coded.
pub fn put_delta(out: &mut Vec<u8>, from: u32, to: u32) {
    let delta = i64::from(to) - i64::from(from);
    put_u64(out, (delta << 1 ^ delta >> 63).cast_unsigned());
}

/// Appends a text with its length.
pub fn put_bytes(out: &mut Vec<u8>, text: &[u8]) {
    put_u64(out, text.len() as u64);
    out.extend_from_slice(text);
}

/// Appends a text as the length of what it shares with `before` and the rest.
pub fn put_prefixed(out: &mut Vec<u8>, before: &[u8], text: &[u8]) {
    let shared = before.iter().zip(text).take_while(|(a, b)| a == b).count();
    put_u64(out, shared as u64);
    put_bytes(out, &text[shared..]);
}

/// Reads values one after the other.
#[derive(Debug, Clone, Copy)]
pub struct Bytes<'a> {
    rest: &'a [u8],
}

impl<'a> Bytes<'a> {
    /// At the start of `bytes`.
    pub fn new(bytes: &'a [u8]) -> Self {
        Bytes { rest: bytes }
    }

    /// Nothing is left.
    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// One byte.
    ///
    /// # Errors
    /// `CORRUPT` at the end, as for all of these.
    pub fn u8(&mut self) -> Result<u8, Error> {
        let (first, rest) = self.rest.split_first().ok_or_else(|| corrupt("a byte"))?;
        self.rest = rest;
        Ok(*first)
    }

    /// A variable-length number.
    ///
    /// # Errors
    /// `CORRUPT`
    pub fn u64(&mut self) -> Result<u64, Error> {
        // most are small
        match self.rest.split_first() {
            Some((first, rest)) if *first < 0x80 => {
                self.rest = rest;
                Ok(u64::from(*first))
            }
            _ => self.long(),
        }
    }

    #[inline(never)]
    fn long(&mut self) -> Result<u64, Error> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.u8()?;
            if shift == 63 && byte > 1 {
                break;
            }
            value |= u64::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(corrupt("a number"))
    }

    /// A variable-length number that fits 32 bits.
    ///
    /// # Errors
    /// `CORRUPT`
    pub fn u32(&mut self) -> Result<u32, Error> {
        u32::try_from(self.u64()?).map_err(|_| corrupt("a number of 32 bits"))
    }

    /// A variable-length number that fits 16 bits.
    ///
    /// # Errors
    /// `CORRUPT`
    pub fn u16(&mut self) -> Result<u16, Error> {
        u16::try_from(self.u64()?).map_err(|_| corrupt("a number of 16 bits"))
    }

    /// What [`put_delta`] wrote.
    ///
    /// # Errors
    /// `CORRUPT`
    pub fn delta(&mut self, from: u32) -> Result<u32, Error> {
        let coded = self.u64()?;
        let delta = (coded >> 1).cast_signed() ^ -(coded & 1).cast_signed();
        let value = i64::from(from).checked_add(delta).ok_or_else(|| corrupt("a difference"))?;
        u32::try_from(value).map_err(|_| corrupt("a difference"))
    }

    /// A text with its length.
    ///
    /// # Errors
    /// `CORRUPT`
    pub fn bytes(&mut self) -> Result<&'a [u8], Error> {
        let length = usize::try_from(self.u64()?).map_err(|_| corrupt("a text"))?;
        if length > self.rest.len() {
            return Err(corrupt("a text"));
        }
        let (text, rest) = self.rest.split_at(length);
        self.rest = rest;
        Ok(text)
    }

    /// What [`put_prefixed`] wrote: `text` is the one before and becomes the one read. Returns what is new in it.
    ///
    /// # Errors
    /// `CORRUPT`
    pub fn prefixed(&mut self, text: &mut Vec<u8>, limit: usize) -> Result<&'a [u8], Error> {
        let shared = usize::try_from(self.u64()?).map_err(|_| corrupt("a text"))?;
        let rest = self.bytes()?;
        // a few bytes that repeat a long text must not become a large file
        if shared > text.len() || shared.saturating_add(rest.len()) > limit {
            return Err(corrupt("a text"));
        }
        text.truncate(shared);
        text.extend_from_slice(rest);
        Ok(rest)
    }

    /// A text as a string; bytes that are no UTF-8 are spelled `\xHH`, backslashes doubled.
    ///
    /// # Errors
    /// `CORRUPT`
    pub fn string(&mut self) -> Result<String, Error> {
        Ok(crate::record::spell(self.bytes()?))
    }
}

/// A 32-bit number at a fixed place.
///
/// # Errors
/// `CORRUPT` behind the end.
pub fn u32_at(bytes: &[u8], at: usize) -> Result<u32, Error> {
    let word = bytes.get(at..at + 4).and_then(|b| <[u8; 4]>::try_from(b).ok()).ok_or_else(|| corrupt("a header"))?;
    Ok(u32::from_le_bytes(word))
}

/// A 64-bit number at a fixed place.
///
/// # Errors
/// `CORRUPT` behind the end.
pub fn u64_at(bytes: &[u8], at: usize) -> Result<u64, Error> {
    let word = bytes.get(at..at + 8).and_then(|b| <[u8; 8]>::try_from(b).ok()).ok_or_else(|| corrupt("a header"))?;
    Ok(u64::from_le_bytes(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back() {
        for value in [0, 1, 127, 128, 300, u64::from(u32::MAX), u64::MAX] {
            let mut out = Vec::new();
            put_u64(&mut out, value);
            assert_eq!(Bytes::new(&out).u64(), Ok(value));
        }
        for (from, to) in [(0, 0), (5, 3), (3, 5), (u32::MAX, 0), (0, u32::MAX)] {
            let mut out = Vec::new();
            put_delta(&mut out, from, to);
            assert_eq!(Bytes::new(&out).delta(from), Ok(to));
        }
    }

    #[test]
    fn hostile_bytes_are_errors() {
        assert!(Bytes::new(&[0xFF; 11]).u64().is_err());
        assert!(Bytes::new(&[0x80]).u64().is_err());
        assert!(Bytes::new(&[200, 1, 0]).bytes().is_err());
        assert!(Bytes::new(&[5, 0]).prefixed(&mut b"ab".to_vec(), 9).is_err());
        assert!(Bytes::new(&[0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1]).delta(7).is_err());
    }
}
