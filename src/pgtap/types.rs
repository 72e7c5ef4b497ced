//! Types, as far as pgTAP's signatures tell them apart, and PostgreSQL's implicit casts between them (`pg_cast`).

use crate::hash::xxh3_64;

/// A type, as far as pgTAP's signatures tell them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// An untyped literal or NULL.
    Unknown,
    /// The text does not tell the type.
    Dynamic,
    /// An array; the text does not tell of what.
    DynamicArray,
    /// name
    Name,
    /// text
    Text,
    /// character varying
    Varchar,
    /// character
    Bpchar,
    /// "char", or another type that casts to text alone
    Char,
    /// boolean
    Boolean,
    /// smallint
    Int2,
    /// integer
    Int4,
    /// bigint
    Int8,
    /// numeric
    Numeric,
    /// real
    Float4,
    /// double precision
    Float8,
    /// oid
    Oid,
    /// regtype
    Regtype,
    /// regclass and the other registered identifiers
    Regclass,
    /// refcursor
    Refcursor,
    /// anyelement
    AnyElement,
    /// anyarray
    AnyArray,
    /// name[]
    NameArray,
    /// text[]
    TextArray,
    /// character varying[]
    VarcharArray,
    /// An array of any other of PostgreSQL's own types, told apart by a hash of its name.
    OtherArray(u32),
    /// Any other of PostgreSQL's own types.
    Other(u32),
}

/// Spellings of `format_type`.
const NAMED: [(&str, Type); 25] = [
    ("name", Type::Name),
    ("text", Type::Text),
    ("character varying", Type::Varchar),
    ("character", Type::Bpchar),
    ("\"char\"", Type::Char),
    ("boolean", Type::Boolean),
    ("smallint", Type::Int2),
    ("integer", Type::Int4),
    ("bigint", Type::Int8),
    ("numeric", Type::Numeric),
    ("real", Type::Float4),
    ("double precision", Type::Float8),
    ("oid", Type::Oid),
    ("regtype", Type::Regtype),
    ("regclass", Type::Regclass),
    ("regproc", Type::Regclass),
    ("regprocedure", Type::Regclass),
    ("regrole", Type::Regclass),
    ("regnamespace", Type::Regclass),
    ("refcursor", Type::Refcursor),
    ("anyelement", Type::AnyElement),
    ("anyarray", Type::AnyArray),
    ("name[]", Type::NameArray),
    ("text[]", Type::TextArray),
    ("character varying[]", Type::VarcharArray),
];

impl Type {
    /// The type that `format_type` spells so; arrays end in `[]`.
    pub fn named(name: &str) -> Type {
        if let Some((_, found)) = NAMED.iter().find(|(spelled, _)| *spelled == name) {
            return *found;
        }
        match name.strip_suffix("[]") {
            Some(element) => Type::OtherArray(id(element)),
            None => Type::Other(id(name)),
        }
    }

    /// The type of an array whose elements have this type.
    pub fn array(self) -> Type {
        match self {
            Type::Name => Type::NameArray,
            Type::Text | Type::Unknown => Type::TextArray,
            Type::Varchar => Type::VarcharArray,
            Type::Dynamic => Type::DynamicArray,
            Type::Other(name) => Type::OtherArray(name),
            _ if self.is_array() => self,
            _ => {
                let name = NAMED.iter().find(|(_, ty)| *ty == self).map_or("", |(name, _)| name);
                Type::OtherArray(id(name))
            }
        }
    }

    /// The type of the elements of an array of this type.
    pub fn element(self) -> Type {
        match self {
            Type::NameArray => Type::Name,
            Type::TextArray => Type::Text,
            Type::VarcharArray => Type::Varchar,
            Type::AnyArray => Type::AnyElement,
            Type::OtherArray(name) => {
                let known = NAMED.iter().find(|(spelled, _)| id(spelled) == name);
                known.map_or(Type::Other(name), |(_, ty)| *ty)
            }
            _ => Type::Dynamic,
        }
    }

    /// A number.
    pub fn is_number(self) -> bool {
        use Type::{Float4, Float8, Int2, Int4, Int8, Numeric};
        matches!(self, Int2 | Int4 | Int8 | Numeric | Float4 | Float8)
    }

    /// The text does not tell the type, or not all of it.
    pub fn is_dynamic(self) -> bool {
        matches!(self, Type::Dynamic | Type::DynamicArray)
    }

    /// Of category S, or a literal that is still untyped.
    pub fn is_string(self) -> bool {
        self == Type::Unknown || self.category() == b'S'
    }

    /// pg_type.typcategory
    pub fn category(self) -> u8 {
        match self {
            Type::Name | Type::Text | Type::Varchar | Type::Bpchar => b'S',
            Type::Boolean => b'B',
            Type::Int2
            | Type::Int4
            | Type::Int8
            | Type::Numeric
            | Type::Float4
            | Type::Float8
            | Type::Oid
            | Type::Regtype
            | Type::Regclass => b'N',
            Type::NameArray | Type::TextArray | Type::VarcharArray | Type::OtherArray(_) | Type::DynamicArray => b'A',
            Type::AnyElement | Type::AnyArray => b'P',
            Type::Unknown | Type::Dynamic => b'X',
            Type::Char => b'Z',
            Type::Refcursor | Type::Other(_) => b'U',
        }
    }

    /// pg_type.typispreferred
    pub fn is_preferred(self) -> bool {
        matches!(self, Type::Text | Type::Boolean | Type::Float8 | Type::Oid)
    }

    /// Of category A.
    pub fn is_array(self) -> bool {
        self.category() == b'A'
    }

    /// `can_coerce_type` in an implicit context.
    pub fn coerces_to(self, target: Type) -> bool {
        use Type::{
            AnyArray, AnyElement, Bpchar, Char, Dynamic, DynamicArray, Float4, Float8, Int2, Int4, Int8, Name,
            NameArray, Numeric, Oid, Other, OtherArray, Refcursor, Regclass, Regtype, Text, TextArray, Unknown,
            Varchar, VarcharArray,
        };
        match (self, target) {
            (Unknown | Dynamic, _) | (_, AnyElement) => true,
            _ if self == target => true,
            (_, AnyArray) => self.is_array(),
            (DynamicArray, _) => target.is_array(),
            (OtherArray(_), NameArray | TextArray | VarcharArray) if self.element() == Bpchar => true,
            (OtherArray(_), TextArray) if self.element() == Char => true,
            (Name | Char, Text)
            | (Text | Varchar | Bpchar, Name | Text | Varchar | Bpchar)
            | (NameArray | TextArray | VarcharArray, NameArray | TextArray | VarcharArray)
            | (Int2, Int4 | Int8 | Numeric | Float4 | Float8 | Oid | Regtype | Regclass)
            | (Int4, Int8 | Numeric | Float4 | Float8 | Oid | Regtype | Regclass)
            | (Int8, Numeric | Float4 | Float8 | Oid | Regtype | Regclass)
            | (Numeric, Float4 | Float8)
            | (Float4, Float8)
            | (Oid, Regtype | Regclass)
            | (Regtype | Regclass, Oid)
            // varchar and text are binary-coercible to regclass
            | (Text | Varchar, Regclass) => true,
            (Refcursor | Other(_), _) => false,
            _ => false,
        }
    }
}

/// What stands for the name of a type that no constant names.
fn id(name: &str) -> u32 {
    let [a, b, c, d, ..] = xxh3_64(name.as_bytes()).to_le_bytes();
    u32::from_le_bytes([a, b, c, d])
}
