//! How a statement runs, as far as the text tells: who runs it, and what comes of it.

use crate::sql::literal::clip;

/// What an assertion says of a statement that it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Outcome {
    /// Nothing that matters here.
    Unknown = b'u',
    /// It runs to its end.
    Lives = b'l',
    /// It yields rows.
    Rows = b'r',
    /// It yields none.
    Empty = b'e',
    /// It fails.
    Fails = b'f',
}

/// See above; texts hold no NUL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Circumstance<'a> {
    /// What comes of it.
    pub outcome: Outcome,
    /// No trigger fires, whatever the inventory says.
    pub is_still: bool,
    /// The role that runs it; empty where it is not known.
    pub role: &'a [u8],
    /// Who the role stands for, such as the user of a request.
    pub persona: &'a [u8],
    /// The SQLSTATE that is expected; empty where any is.
    pub state: &'a [u8],
    /// The message that is expected, or a pattern of it; empty where any is.
    pub message: &'a [u8],
}

/// Bytes of a message that are kept: names of constraints stand in its front.
const MESSAGE_BYTES: usize = 512;

impl Circumstance<'_> {
    /// Nothing is known.
    pub const NONE: Circumstance<'static> =
        Circumstance { outcome: Outcome::Unknown, is_still: false, role: b"", persona: b"", state: b"", message: b"" };

    /// As a record holds it; empty for [`Circumstance::NONE`].
    pub fn encode(&self) -> Vec<u8> {
        if *self == Circumstance::NONE {
            return Vec::new();
        }
        let mut bytes = vec![self.outcome as u8, if self.is_still { b's' } else { b'-' }];
        for text in [self.role, self.persona, self.state, clip(self.message, MESSAGE_BYTES)] {
            // a text ends at a NUL, which PostgreSQL has in none
            bytes.extend_from_slice(text.split(|byte| *byte == 0).next().unwrap_or_default());
            bytes.push(0);
        }
        bytes
    }
}

impl<'a> Circumstance<'a> {
    /// What [`Circumstance::encode`] wrote; nothing is known of all else.
    pub fn decode(bytes: &'a [u8]) -> Circumstance<'a> {
        let Some(([outcome, still], texts)) = bytes.split_first_chunk::<2>() else { return Circumstance::NONE };
        let outcomes = [Outcome::Unknown, Outcome::Lives, Outcome::Rows, Outcome::Empty, Outcome::Fails];
        let Some(outcome) = outcomes.into_iter().find(|known| *known as u8 == *outcome) else {
            return Circumstance::NONE;
        };
        let mut texts = texts.split(|byte| *byte == 0);
        let mut next = || texts.next().unwrap_or_default();
        let (role, persona, state, message) = (next(), next(), next(), next());
        Circumstance { outcome, is_still: *still == b's', role, persona, state, message }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_circumstance_comes_back_and_hostile_bytes_say_nothing() {
        let told = Circumstance {
            outcome: Outcome::Fails,
            is_still: true,
            role: b"anon",
            persona: b"",
            state: b"42501",
            message: b"permission denied",
        };
        assert_eq!(Circumstance::decode(&told.encode()), told);
        assert_eq!(Circumstance::NONE.encode(), b"");
        for hostile in [&b""[..], b"x", b"xx", b"f", b"\0\0\0\0\0\0\0"] {
            assert_eq!(Circumstance::decode(hostile), Circumstance::NONE);
        }
        assert_eq!(Circumstance::decode(b"f-").outcome, Outcome::Fails);
    }
}
