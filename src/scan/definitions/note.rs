//! What an event with [`Op::Alter`](crate::scan::fact::Op) says, in its detail: how the object before it hangs together
//! with others. The key of such a note names the other one.

use crate::limits::DETAIL_BYTES;

/// The detail of a type that is only announced; its definition follows.
pub const SHELL: &[u8] = b"shell";

/// What follows is about the object that the key names, rather than the one that was made before.
pub const ABOUT: &[u8] = b"about\0";
/// The object needs what the entries after this name.
pub const NEEDS: &[u8] = b"needs\0";
/// The table has the columns of that relation; bits of [`Like`] follow.
pub const LIKE: &[u8] = b"like\0";
/// The table inherits from that one, or is of that type.
pub const INHERITS: &[u8] = b"inherits\0";
/// It inherits no more.
pub const NO_INHERIT: &[u8] = b"no-inherit\0";
/// The table is a partition of that one, or the index of that index.
pub const ATTACHED: &[u8] = b"attached\0";
/// It is no partition any more.
pub const DETACHED: &[u8] = b"detached\0";
/// The column gets the type that follows, as in the definition of a column.
pub const TYPE: &[u8] = b"type\0";
/// The column's identity goes, and with it the sequence.
pub const NO_IDENTITY: &[u8] = b"no-identity\0";
/// Types in the signature of the next object are looked for on this path.
pub const PATH: &[u8] = b"path\0";
/// What follows is made only if the object that the key names exists, up to an event without a detail.
pub const IF_EXISTS: &[u8] = b"if-exists\0";
/// The column that the key names owns the sequence; none where the key has no name.
pub const OWNER: &[u8] = b"owner\0";
/// The object has the [`Trait`]s of the first byte that follows, and has those of the second no more.
pub const TRAITS: &[u8] = b"traits\0";
/// The relation belongs to the role that follows.
pub const ROLE: &[u8] = b"role\0";
/// The policy gets what follows, as in the detail of its definition; its command it keeps, and its roles where none follow.
pub const POLICY: &[u8] = b"policy\0";
/// BEGIN
pub const BEGIN: &[u8] = b"begin\0";
/// COMMIT
pub const COMMIT: &[u8] = b"commit\0";
/// ROLLBACK; the name of a savepoint may follow.
pub const ROLLBACK: &[u8] = b"rollback\0";
/// SAVEPOINT; its name follows.
pub const SAVEPOINT: &[u8] = b"savepoint\0";
/// RELEASE; the savepoint's name follows.
pub const RELEASE: &[u8] = b"release\0";

/// Every note.
const ALL: [&[u8]; 20] = [
    ABOUT,
    NEEDS,
    LIKE,
    INHERITS,
    NO_INHERIT,
    ATTACHED,
    DETACHED,
    TYPE,
    NO_IDENTITY,
    PATH,
    IF_EXISTS,
    OWNER,
    TRAITS,
    ROLE,
    POLICY,
    BEGIN,
    COMMIT,
    ROLLBACK,
    SAVEPOINT,
    RELEASE,
];

/// The note that a detail begins with, and what follows it.
pub fn split(detail: &[u8]) -> Option<(&'static [u8], &[u8])> {
    ALL.iter().find_map(|note| detail.strip_prefix(*note).map(|rest| (*note, rest)))
}

/// What LIKE includes beside the columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Like(pub u8);

impl Like {
    /// INCLUDING CONSTRAINTS
    pub const CONSTRAINTS: u8 = 1;
    /// INCLUDING INDEXES
    pub const INDEXES: u8 = 2;
    /// INCLUDING IDENTITY
    pub const IDENTITY: u8 = 4;
    /// INCLUDING ALL
    pub const ALL: u8 = 7;
    /// The columns are there: they were copied before.
    pub const REST: u8 = 8;
}

/// What the server keeps of an object beside its definition, a bit each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trait(pub u8);

impl Trait {
    /// ROW LEVEL SECURITY is enabled.
    pub const SECURED: u8 = 1;
    /// It is forced on the owner, too.
    pub const FORCED: u8 = 2;
    /// The trigger is disabled.
    pub const DISABLED: u8 = 4;
    /// The role is a superuser, or has BYPASSRLS.
    pub const BYPASSES: u8 = 16;
    /// The index is unique.
    pub const UNIQUE: u8 = 8;
    /// The routine runs with the rights of its owner.
    pub const DEFINER: u8 = 32;
}

/// When a trigger fires, behind the schema and the name of its function in the detail of its definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Firing<'a> {
    /// Schema of the function; empty where the search path decides.
    pub schema: &'a [u8],
    /// Name of the function.
    pub function: &'a [u8],
    /// A letter each: b before, a after, o instead of; i insert, u update, d delete, t truncate; r for each row,
    /// w when, l deferred.
    letters: &'a [u8],
    /// UPDATE OF these.
    pub columns: Vec<&'a [u8]>,
}

impl<'a> Firing<'a> {
    /// The detail of a trigger.
    pub fn decode(detail: &'a [u8]) -> Firing<'a> {
        let mut parts = detail.split(|b| *b == 0);
        let mut next = || parts.next().unwrap_or_default();
        let (schema, function, letters) = (next(), next(), next());
        Firing { schema, function, letters, columns: parts.collect() }
    }

    /// This letter is set.
    pub fn is(&self, letter: u8) -> bool {
        self.letters.contains(&letter)
    }
}

/// Whom a policy concerns: the detail of its definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guard<'a> {
    /// `all`, `select`, `insert`, `update`, `delete`
    pub command: &'a [u8],
    /// r restrictive, u USING, c WITH CHECK
    letters: &'a [u8],
    /// Everyone where there are none.
    pub roles: Vec<&'a [u8]>,
}

impl<'a> Guard<'a> {
    /// The detail of a policy.
    pub fn decode(detail: &'a [u8]) -> Guard<'a> {
        let mut parts = detail.split(|b| *b == 0);
        let mut next = || parts.next().unwrap_or_default();
        let (command, letters) = (next(), next());
        Guard { command, letters, roles: parts.collect() }
    }

    /// The detail after ALTER POLICY.
    pub fn altered(&self, by: &Guard<'a>) -> Vec<u8> {
        let letters = [self.letters, by.letters].concat();
        let roles = if by.roles.is_empty() { &self.roles } else { &by.roles };
        [self.command, &letters].iter().chain(roles).copied().collect::<Vec<_>>().join(&0)
    }

    /// AS RESTRICTIVE
    pub fn is_restrictive(&self) -> bool {
        self.letters.contains(&b'r')
    }

    /// It has a USING expression.
    pub fn has_using(&self) -> bool {
        self.letters.contains(&b'u')
    }

    /// It has a WITH CHECK expression; without one USING stands for it.
    pub fn has_check(&self) -> bool {
        self.letters.contains(&b'c')
    }

    /// It is for this role, or for everyone.
    pub fn is_for(&self, role: &[u8]) -> bool {
        self.roles.is_empty() || self.roles.iter().any(|of| *of == role || *of == b"public")
    }
}

/// What an entry of [`NEEDS`] names. In this order they are read: columns are looked for in the relations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Entry {
    /// A relation: schema, name.
    Relation = b'a',
    /// A routine: schema, name, number of arguments or their types.
    Routine = b'b',
    /// A type, as `format_type` spells it.
    Type = b'c',
    /// The key of another table: schema, name, its columns if written.
    Target = b'd',
    /// A column of the same relation, with which the object goes.
    Key = b'e',
    /// A column of the same relation, or of one that was named before.
    Column = b'f',
    /// All columns of the relation of that name, or of all relations where there is none.
    All = b'g',
    /// A type that the routine was made with.
    Made = b'h',
    /// What tells one key, index or foreign key of a table from another: `only` or nothing, then its tokens. Stands last;
    /// empty for a CHECK. Without `only` children and partitions get it, too.
    Shape = b'i',
    /// What the next column is called, whatever the query says.
    Given = b'j',
    /// A column of the relation, which a query makes.
    Output = b'k',
    /// All columns of another: schema, name, how many at its start are left out, names that are left out.
    Star = b'l',
    /// A routine that the body calls, once there is one: schema, name, arguments as a call spells them.
    Calls = b'm',
    /// A relation that the body uses, once there is one: schema, name.
    Touches = b'n',
    /// The message of an error that the body raises, with `%` where it is filled in.
    Raises = b'o',
}

impl Entry {
    const ALL: [Entry; 15] = [
        Entry::Relation,
        Entry::Routine,
        Entry::Type,
        Entry::Target,
        Entry::Key,
        Entry::Column,
        Entry::All,
        Entry::Made,
        Entry::Shape,
        Entry::Given,
        Entry::Output,
        Entry::Star,
        Entry::Calls,
        Entry::Touches,
        Entry::Raises,
    ];

    /// Its bytes: two of length, the tag, the texts joined by NUL. None where it fits no record.
    pub fn encode(self, texts: &[&[u8]]) -> Option<Vec<u8>> {
        let separators = texts.len().saturating_sub(1);
        let length = u16::try_from(1 + separators + texts.iter().map(|text| text.len()).sum::<usize>()).ok()?;
        let whole = usize::from(length) + 2;
        if whole + NEEDS.len() > DETAIL_BYTES {
            return None;
        }
        let mut bytes = Vec::with_capacity(whole);
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.push(self as u8);
        for (n, text) in texts.iter().enumerate() {
            bytes.extend_from_slice(&b"\0"[..n.min(1)]);
            bytes.extend_from_slice(text);
        }
        Some(bytes)
    }
}

/// The entries behind [`NEEDS`], up to one that is none.
pub fn entries(mut bytes: &[u8]) -> impl Iterator<Item = (Entry, Vec<&[u8]>)> {
    std::iter::from_fn(move || {
        let (length, rest) = bytes.split_first_chunk::<2>()?;
        let (entry, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        bytes = rest;
        let (tag, texts) = entry.split_first()?;
        let entry = Entry::ALL.into_iter().find(|entry| *entry as u8 == *tag)?;
        Some((entry, texts.split(|b| *b == 0).collect()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_come_back_and_hostile_ones_end() {
        let mut bytes = Entry::Routine.encode(&[b"", b"f", b"2"]).unwrap_or_default();
        bytes.extend(Entry::Key.encode(&[b"a"]).unwrap_or_default());
        let read: Vec<_> = entries(&bytes).collect();
        assert_eq!(read, [(Entry::Routine, vec![&b""[..], b"f", b"2"]), (Entry::Key, vec![&b"a"[..]])]);
        for hostile in [&b"\xFF\xFFa"[..], b"\0\0", b"\0\x01z", b"\0"] {
            assert_eq!(entries(hostile).count(), 0);
        }
        assert_eq!(Entry::Type.encode(&[&[b'x'; DETAIL_BYTES]]), None, "it fits no record");
        assert_eq!(split(b"like\0\x07"), Some((LIKE, &b"\x07"[..])));
        assert_eq!(split(b"detached"), None);
    }
}
