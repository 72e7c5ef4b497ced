//! Objects that texts name: arguments of PostgreSQL's functions on its catalogue, and literals that are cast to the type of
//! an identifier.

use crate::limits::NAME_BYTES;
use crate::scan::fact::{ANY_ARGS, Full, ObjectKind};
use crate::sql::cursor::{Cursor, Name};
use crate::sql::lexer::{Dialect, Lexer};
use crate::sql::statement::{Statement, Tok};
use crate::sql::types;

/// Longest text that names an object: schema, name and argument types.
const TEXT_BYTES: usize = 4096;

/// Functions, what their argument names, and how many arguments follow it.
const FUNCTIONS: [(&[u8], ObjectKind, usize); 14] = [
    (b"has_any_column_privilege", ObjectKind::Relation, 1),
    (b"has_column_privilege", ObjectKind::Relation, 2),
    (b"has_function_privilege", ObjectKind::Routine, 1),
    (b"has_schema_privilege", ObjectKind::Schema, 1),
    (b"has_sequence_privilege", ObjectKind::Relation, 1),
    (b"has_table_privilege", ObjectKind::Relation, 1),
    (b"has_type_privilege", ObjectKind::Type, 1),
    (b"pg_get_serial_sequence", ObjectKind::Relation, 1),
    (b"to_regclass", ObjectKind::Relation, 0),
    (b"to_regnamespace", ObjectKind::Schema, 0),
    (b"to_regproc", ObjectKind::Routine, 0),
    (b"to_regprocedure", ObjectKind::Routine, 0),
    (b"to_regrole", ObjectKind::Role, 0),
    (b"to_regtype", ObjectKind::Type, 0),
];

/// What a value of this type identifies.
pub(super) fn kind_of_type(name: &[u8]) -> Option<ObjectKind> {
    Some(match name {
        b"regclass" => ObjectKind::Relation,
        b"regnamespace" => ObjectKind::Schema,
        b"regproc" | b"regprocedure" => ObjectKind::Routine,
        b"regrole" => ObjectKind::Role,
        b"regtype" => ObjectKind::Type,
        _ => return None,
    })
}

/// The text in the arguments of a function that names an object, its line, and of what kind that is.
pub(super) fn argument<'a>(function: &[u8], inside: Cursor<'a>) -> Option<(&'a [u8], u32, ObjectKind)> {
    let (_, kind, behind) = FUNCTIONS.iter().find(|(name, ..)| *name == function)?;
    let count = inside.split(b',').count();
    let named = inside.split(b',').nth(count.checked_sub(behind + 1)?)?;
    let item = named.peek().filter(|item| item.tok == Tok::String && named.len() == 1 && !item.cut)?;
    Some((named.text(item), item.line, *kind))
}

/// Takes a name and the types of arguments.
type Take<'t> = &'t mut dyn FnMut(Name<'_>, &[u8]) -> Result<(), Full>;

/// Reads the name as the server does: folded, quoted, with a schema or without, a routine with its types.
pub(super) fn read(text: &[u8], kind: ObjectKind, line: u32, take: Take<'_>) -> Result<(), Full> {
    if text.len() > TEXT_BYTES {
        return Ok(());
    }
    let mut statement = Statement::new(TEXT_BYTES, TEXT_BYTES / 4);
    let mut lexer = Lexer::new(Dialect::Server, TEXT_BYTES, line);
    lexer.feed(text, &mut statement);
    lexer.finish(&mut statement);
    statement.close();
    let mut cursor = Cursor::new(&statement);
    let Some(name) = cursor.qualified().filter(|name| name.name.len() <= NAME_BYTES) else { return Ok(()) };
    let mut args = Vec::new();
    if kind.is_routine() {
        args = match cursor.group() {
            None => ANY_ARGS.to_vec(),
            Some(inside) => {
                let spelled = |mut part: Cursor<'_>| types::parse(&mut part).map(|ty| ty.spelled.into_owned());
                let Some(types) = inside.split(b',').map(spelled).collect::<Option<Vec<String>>>() else {
                    return Ok(());
                };
                types.join(", ").into_bytes()
            }
        };
    }
    if cursor.is_empty() { take(Name { line, ..name }, &args) } else { Ok(()) }
}
