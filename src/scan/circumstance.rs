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
    /// An UPDATE or DELETE that reads the rows that it changes.
    pub reads: bool,
    /// The role that runs it; empty where it is not known.
    pub role: &'a [u8],
    /// Who the role stands for, such as the user of a request.
    pub persona: &'a [u8],
    /// The SQLSTATE that is expected; empty where any is.
    pub state: &'a [u8],
    /// The message that is expected, or a pattern of it; empty where any is.
    pub message: &'a [u8],
    /// Calls before it of functions that may change the two above: see [`Calls`].
    pub calls: &'a [u8],
}

/// Calls of functions whose bodies may say who runs the statements after them, the last ones of a session.
///
/// Each is a byte with what it matters for, then schema, name and literal arguments, between [`Calls::TEXT`]; a call
/// ends with [`Calls::END`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Calls(Vec<u8>);

/// One of [`Calls`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call<'a> {
    /// No statement after it says which role it is.
    pub tells_role: bool,
    /// The same of the persona.
    pub tells_persona: bool,
    /// It stands in a transaction, or a body.
    pub is_within: bool,
    /// Schema; empty where the search path decides.
    pub schema: &'a [u8],
    /// Name.
    pub name: &'a [u8],
    /// Literal arguments; empty where one is none.
    pub arguments: Vec<&'a [u8]>,
}

impl Calls {
    const TEXT: u8 = 2;
    const END: u8 = 1;
    const ROLE: u8 = 1;
    const PERSONA: u8 = 2;
    const WITHIN: u8 = 4;
    /// Bits of a call are a letter.
    const BASE: u8 = b'@';
    /// Calls and bytes that are kept.
    const COUNT: usize = 4;
    const BYTES: usize = 1024;

    /// As a circumstance holds them.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The call runs now: schema, name and arguments, as long as they are kept.
    pub fn add(&mut self, is_within: bool, texts: &[&[u8]]) {
        let mut call = vec![Calls::BASE + Calls::ROLE + Calls::PERSONA + if is_within { Calls::WITHIN } else { 0 }];
        for text in texts {
            let plain = |byte: &u8| *byte == 0 || *byte == Calls::TEXT || *byte == Calls::END;
            call.extend_from_slice(text.split(plain).next().unwrap_or_default());
            call.push(Calls::TEXT);
        }
        call.push(Calls::END);
        self.0.extend(call);
        while self.0.len() > Calls::BYTES || self.0.iter().filter(|byte| **byte == Calls::END).count() > Calls::COUNT {
            let first = self.0.iter().position(|byte| *byte == Calls::END).map_or(self.0.len(), |end| end + 1);
            self.0.drain(..first);
        }
    }

    /// A statement says which role it is: what calls before it say of that matters no more.
    pub fn role_is_told(&mut self) {
        self.tell(Calls::ROLE);
    }

    /// The same of the persona.
    pub fn persona_is_told(&mut self) {
        self.tell(Calls::PERSONA);
    }

    fn tell(&mut self, bit: u8) {
        let mut kept = Vec::with_capacity(self.0.len());
        for call in self.0.split_inclusive(|byte| *byte == Calls::END) {
            let Some((bits, rest)) = call.split_first() else { continue };
            let left = bits & !bit;
            if left & (Calls::ROLE | Calls::PERSONA) != 0 {
                kept.push(left);
                kept.extend_from_slice(rest);
            }
        }
        self.0 = kept;
    }
}

impl<'a> Circumstance<'a> {
    /// The calls before it, the first one first.
    pub fn calls(&self) -> impl Iterator<Item = Call<'a>> {
        self.calls.split(|byte| *byte == Calls::END).filter_map(|call| {
            let (bits, texts) = call.split_first()?;
            let mut texts = texts.split(|byte| *byte == Calls::TEXT);
            let (schema, name) = (texts.next()?, texts.next()?);
            let mut arguments: Vec<&[u8]> = texts.collect();
            // behind the last separator
            arguments.pop();
            Some(Call {
                tells_role: bits & Calls::ROLE != 0,
                tells_persona: bits & Calls::PERSONA != 0,
                is_within: bits & Calls::WITHIN != 0,
                schema,
                name,
                arguments,
            })
        })
    }
}

/// Bytes of a message that are kept: names of constraints stand in its front.
const MESSAGE_BYTES: usize = 512;

/// Bits of the second byte of a record, which is a letter.
const BITS: u8 = b'@';
const STILL: u8 = 1;
const READS: u8 = 2;

impl Circumstance<'_> {
    /// Nothing is known.
    pub const NONE: Circumstance<'static> = Circumstance {
        outcome: Outcome::Unknown,
        is_still: false,
        reads: false,
        role: b"",
        persona: b"",
        state: b"",
        message: b"",
        calls: b"",
    };

    /// As a record holds it; empty for [`Circumstance::NONE`].
    pub fn encode(&self) -> Vec<u8> {
        if *self == Circumstance::NONE {
            return Vec::new();
        }
        let bits = u8::from(self.is_still) * STILL + u8::from(self.reads) * READS;
        let mut bytes = vec![self.outcome as u8, BITS + bits];
        for text in [self.role, self.persona, self.state, clip(self.message, MESSAGE_BYTES), self.calls] {
            // a text ends at a NUL, which PostgreSQL has in none
            bytes.extend_from_slice(text.split(|byte| *byte == 0).next().unwrap_or_default());
            bytes.push(0);
        }
        bytes
    }

    /// The same of an encoded one, of a statement that reads the rows that it changes.
    pub fn reading(encoded: &[u8]) -> Vec<u8> {
        let mut bytes = encoded.to_vec();
        if let Some(bits) = bytes.get_mut(1) {
            *bits |= READS;
        }
        bytes
    }
}

impl<'a> Circumstance<'a> {
    /// What [`Circumstance::encode`] wrote; nothing is known of all else.
    pub fn decode(bytes: &'a [u8]) -> Circumstance<'a> {
        let Some(([outcome, bits], texts)) = bytes.split_first_chunk::<2>() else { return Circumstance::NONE };
        let outcomes = [Outcome::Unknown, Outcome::Lives, Outcome::Rows, Outcome::Empty, Outcome::Fails];
        let Some(outcome) = outcomes.into_iter().find(|known| *known as u8 == *outcome) else {
            return Circumstance::NONE;
        };
        let mut texts = texts.split(|byte| *byte == 0);
        let mut next = || texts.next().unwrap_or_default();
        let (role, persona, state, message, calls) = (next(), next(), next(), next(), next());
        let (is_still, reads) = (bits & STILL != 0, bits & READS != 0);
        Circumstance { outcome, is_still, reads, role, persona, state, message, calls }
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
            reads: false,
            role: b"anon",
            persona: b"",
            state: b"42501",
            message: b"permission denied",
            calls: b"",
        };
        assert_eq!(Circumstance::decode(&told.encode()), told);
        assert_eq!(Circumstance::NONE.encode(), b"");
        for hostile in [&b""[..], b"x", b"xx", b"f", b"\0\0\0\0\0\0\0"] {
            assert_eq!(Circumstance::decode(hostile), Circumstance::NONE);
        }
        assert!(Circumstance::decode(&Circumstance::reading(&told.encode())).reads);
        assert_eq!(Circumstance::decode(b"f@").outcome, Outcome::Fails);
    }

    #[test]
    fn calls_come_back_until_a_statement_tells_what_they_would() {
        let spelled = |calls: &Calls| {
            let told = Circumstance { calls: calls.as_bytes(), ..Circumstance::NONE };
            let encoded = told.encode();
            let told = Circumstance::decode(&encoded);
            told.calls().map(|call| (call.tells_role, call.name.to_vec(), call.arguments.len())).collect::<Vec<_>>()
        };
        let mut calls = Calls::default();
        calls.add(true, &[b"s", b"login", b"ann"]);
        calls.add(false, &[b"", b"later"]);
        assert_eq!(spelled(&calls), [(true, b"login".to_vec(), 1), (true, b"later".to_vec(), 0)]);
        calls.role_is_told();
        assert_eq!(spelled(&calls), [(false, b"login".to_vec(), 1), (false, b"later".to_vec(), 0)]);
        calls.add(true, &[b"", b"other"]);
        calls.persona_is_told();
        assert_eq!(spelled(&calls), [(true, b"other".to_vec(), 0)]);
        for _ in 0..9 {
            calls.add(true, &[b"", &[b'x'; 200], &[1, 2, 0]]);
        }
        assert!(calls.as_bytes().len() <= Calls::BYTES);
        assert_eq!(spelled(&calls).len(), Calls::COUNT);
    }
}
