//! Objects that texts name: arguments of PostgreSQL's functions on its catalogue, and literals that are cast to the type of
//! an identifier.

use crate::limits::NAME_BYTES;
use crate::scan::fact::{ANY_ARGS, Full, ObjectKind};
use crate::sql::cursor::{Cursor, Name, parts};
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

/// What a column of PostgreSQL's catalogue holds: a part of the name of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Schema,
    Relation,
    /// A part of a relation, of this kind.
    Sub(ObjectKind),
    /// An object of this kind that stands in a schema.
    Object(ObjectKind),
}

/// Columns of `pg_catalog` and `information_schema` by their name, which tells their relation well enough.
const COLUMNS: [(&[u8], Part); 29] = [
    (b"attname", Part::Sub(ObjectKind::Column)),
    (b"column_name", Part::Sub(ObjectKind::Column)),
    (b"conname", Part::Sub(ObjectKind::CheckConstraint)),
    (b"constraint_name", Part::Sub(ObjectKind::CheckConstraint)),
    (b"constraint_schema", Part::Schema),
    (b"event_object_schema", Part::Schema),
    (b"event_object_table", Part::Relation),
    (b"indexname", Part::Sub(ObjectKind::Index)),
    (b"matviewname", Part::Relation),
    (b"nspname", Part::Schema),
    (b"polname", Part::Sub(ObjectKind::Policy)),
    (b"policyname", Part::Sub(ObjectKind::Policy)),
    (b"proname", Part::Object(ObjectKind::Routine)),
    (b"relname", Part::Relation),
    (b"routine_name", Part::Object(ObjectKind::Routine)),
    (b"routine_schema", Part::Schema),
    (b"rulename", Part::Sub(ObjectKind::Rule)),
    (b"schema_name", Part::Schema),
    (b"schemaname", Part::Schema),
    (b"sequence_name", Part::Relation),
    (b"sequencename", Part::Relation),
    (b"table_name", Part::Relation),
    (b"table_schema", Part::Schema),
    (b"tablename", Part::Relation),
    (b"tgname", Part::Sub(ObjectKind::Trigger)),
    (b"trigger_name", Part::Sub(ObjectKind::Trigger)),
    (b"trigger_schema", Part::Schema),
    (b"typname", Part::Object(ObjectKind::Type)),
    (b"viewname", Part::Relation),
];
/// Columns that hold the oid of a relation.
const RELATION_OIDS: [&[u8]; 5] = [b"attrelid", b"conrelid", b"indrelid", b"polrelid", b"tgrelid"];
/// Names that one query is taken to be about.
const MOST: usize = 256;

/// What the conditions of a query of the catalogue say of the objects that it is about.
#[derive(Debug, Clone, Default)]
pub(super) struct Conditions<'a> {
    schemas: Vec<&'a [u8]>,
    relations: Vec<&'a [u8]>,
    subs: Vec<(ObjectKind, &'a [u8])>,
    objects: Vec<(ObjectKind, &'a [u8])>,
    /// `attrelid = 'app.t'::regclass`
    by_oid: Option<&'a [u8]>,
    line: u32,
}

/// An object that a query of the catalogue is about: kind, schema if it is said, name, sub-object, arguments.
pub(super) type About<'a> = (ObjectKind, Option<&'a [u8]>, &'a [u8], &'a [u8], &'static [u8]);

impl<'a> Conditions<'a> {
    /// Reads `column = 'text'` and `column IN ('text', …)`. None where OR leaves it open which of them hold.
    pub(super) fn read(mut cursor: Cursor<'a>) -> Option<Conditions<'a>> {
        let mut found = Conditions { line: cursor.line(), ..Conditions::default() };
        found.walk(&mut cursor, 0).then_some(found)
    }

    fn walk(&mut self, cursor: &mut Cursor<'a>, depth: usize) -> bool {
        while let Some(item) = cursor.peek() {
            if cursor.is_word("or") || cursor.is_word("not") {
                return false;
            }
            if let Some(mut inside) = cursor.group() {
                let is_query = ["select", "with", "values"].iter().any(|word| inside.is_word(word));
                if !is_query && depth < NESTED {
                    let before = self.clone();
                    // what OR leaves open here takes nothing from what stands around it
                    if !self.walk(&mut inside, depth + 1) {
                        *self = before;
                    }
                }
                continue;
            }
            cursor.skip(1);
            if matches!(item.tok, Tok::Word | Tok::Quoted) {
                self.condition(cursor.text(item), cursor);
            }
        }
        true
    }

    /// What stands behind the name of a column.
    fn condition(&mut self, column: &[u8], cursor: &mut Cursor<'a>) {
        let part = COLUMNS.binary_search_by(|(name, _)| (*name).cmp(column)).ok().map(|at| COLUMNS[at].1);
        let is_oid = RELATION_OIDS.contains(&column);
        if part.is_none() && !is_oid {
            return;
        }
        let mut texts = Vec::new();
        let mut ahead = *cursor;
        if ahead.peek().is_some_and(|item| item.tok == Tok::Operator && ahead.text(item) == b"=") {
            ahead.skip(1);
            texts.extend(literal(&mut ahead));
        } else if ahead.take_word("in") {
            texts.extend(parts(ahead.group()).iter_mut().filter_map(literal));
        } else {
            return;
        }
        *cursor = ahead;
        if is_oid {
            self.by_oid = texts.first().copied();
            return;
        }
        for text in texts.into_iter().filter(|text| (1..=NAME_BYTES).contains(&text.len())) {
            if self.schemas.len() + self.relations.len() + self.subs.len() + self.objects.len() == MOST {
                return;
            }
            match part {
                Some(Part::Schema) => self.schemas.push(text),
                Some(Part::Relation) => self.relations.push(text),
                Some(Part::Sub(kind)) => self.subs.push((kind, text)),
                Some(Part::Object(kind)) => self.objects.push((kind, text)),
                None => {}
            }
        }
    }

    /// The text and line of the relation whose oid the query asks for.
    pub(super) fn by_oid(&self) -> Option<(&'a [u8], u32)> {
        self.by_oid.map(|text| (text, self.line))
    }

    /// The objects that it names; of parts of a relation the relation must be told, `relation` where the query asks for its
    /// oid.
    pub(super) fn about(&self, relation: Option<(Option<&'a [u8]>, &'a [u8])>) -> Vec<About<'a>> {
        let mut found = Vec::new();
        let only = |names: &[&'a [u8]]| if let [only] = names { Some(*only) } else { None };
        let schema = relation.map_or_else(|| only(&self.schemas), |(schema, _)| schema);
        if !self.subs.is_empty() {
            let of = relation.map(|(_, name)| name).or_else(|| only(&self.relations));
            for (kind, sub) in &self.subs {
                let Some(of) = of.or((*kind == ObjectKind::Index).then_some(b"")) else { continue };
                if *kind == ObjectKind::CheckConstraint {
                    found.extend(CONSTRAINTS.map(|kind| (kind, schema, of, *sub, &b""[..])));
                } else {
                    found.push((*kind, schema, of, *sub, b""));
                }
            }
        } else if !self.objects.is_empty() {
            let args = |kind: ObjectKind| if kind.is_routine() { ANY_ARGS } else { b"" };
            found.extend(self.objects.iter().map(|(kind, name)| (*kind, schema, *name, &b""[..], args(*kind))));
        } else if !self.relations.is_empty() {
            found.extend(self.relations.iter().map(|name| (ObjectKind::Relation, schema, *name, &b""[..], &b""[..])));
        } else if let Some((schema, name)) = relation {
            found.push((ObjectKind::Relation, schema, name, b"", b""));
        } else {
            found.extend(
                self.schemas.iter().map(|name| (ObjectKind::Schema, Some(&b""[..]), *name, &b""[..], &b""[..])),
            );
        }
        found
    }

    /// 1-based.
    pub(super) fn line(&self) -> u32 {
        self.line
    }
}

/// Kinds that `pg_constraint` holds.
const CONSTRAINTS: [ObjectKind; 5] = [
    ObjectKind::PrimaryKey,
    ObjectKind::UniqueConstraint,
    ObjectKind::ForeignKey,
    ObjectKind::CheckConstraint,
    ObjectKind::ExclusionConstraint,
];
/// Parentheses in a condition that are read into.
const NESTED: usize = 16;

/// A literal, which a cast may follow.
fn literal<'a>(cursor: &mut Cursor<'a>) -> Option<&'a [u8]> {
    let item = cursor.peek().filter(|item| item.tok == Tok::String && !item.cut)?;
    cursor.skip(1);
    if cursor.peek().is_some_and(|item| item.tok == Tok::Cast) {
        cursor.skip(1);
        types::parse(cursor);
    }
    Some(cursor.text(item))
}
