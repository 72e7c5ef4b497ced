//! What the body of a routine uses when it runs, and the errors that it raises. The server binds none of it, so that
//! nothing is dropped along with what a body names: it tells how an object is reached.

use super::Reader;
use super::needs::Needs;
use super::note::Entry;
use crate::scan::bodies_behind;
use crate::scan::fact::{Full, ObjectKind, Scope};
use crate::scan::reference::{self, Reference};
use crate::scan::session::Session;
use crate::sql::cursor::{Cursor, Name};
use crate::sql::literal::clip;
use crate::sql::statement::Tok;

/// Bytes of a message that are kept.
const MESSAGE_BYTES: usize = 512;
/// Shortest statement that a body is read by.
const STATEMENT_BYTES: usize = 4096;

impl Reader<'_, '_> {
    /// Reads the body among the options of the routine before this.
    pub(super) fn emit_body(&mut self, options: Cursor<'_>, name: Name<'_>) -> Result<(), Full> {
        let mut uses = Needs::default();
        for body in bodies_behind(options).filter(|body| !body.cut) {
            let text = options.text(body);
            let session = self.session;
            reference::statements(text, body.line, text.len().max(STATEMENT_BYTES), &mut |cursor| {
                raised(cursor, &mut uses);
                reference::read(cursor, session, &mut |used| {
                    uses.used(&used);
                    Ok(())
                })
            })?;
        }
        self.emit_needs(&uses, name)
    }
}

impl Needs {
    /// What an expression uses that is not bound to it: a default is dropped alone.
    pub(super) fn uses(&mut self, expression: Cursor<'_>, session: &Session) {
        let taken = reference::read_expression(expression, session, &mut |used| {
            self.used(&used);
            Ok(())
        });
        debug_assert!(taken.is_ok(), "nothing above fails");
    }

    fn used(&mut self, used: &Reference<'_>) {
        let schema = if used.key.scope == Scope::Named { used.key.schema } else { b"" };
        if used.key.kind.is_routine() {
            self.add(Entry::Calls, &[schema, used.key.name, used.key.args]);
        } else if used.key.kind == ObjectKind::Relation {
            self.add(Entry::Touches, &[schema, used.key.name]);
        }
    }
}

/// RAISE 'message', RAISE EXCEPTION 'message', USING MESSAGE = 'message'
fn raised(mut cursor: Cursor<'_>, uses: &mut Needs) {
    while cursor.find_word("raise") {
        cursor.skip(1);
        if cursor.take_one_of(&["debug", "log", "info", "notice", "warning"]).is_some() {
            continue;
        }
        while let Some(item) = cursor.peek().filter(|item| item.tok != Tok::Punct(b';')) {
            if item.tok == Tok::String {
                uses.add(Entry::Raises, &[clip(cursor.text(item), MESSAGE_BYTES)]);
                break;
            }
            let goes_on = ["exception", "using", "message"].iter().any(|word| cursor.is_word(word));
            if !goes_on && item.tok != Tok::Operator {
                break;
            }
            cursor.skip(1);
        }
    }
}
