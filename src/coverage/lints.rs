//! What is odd about tests and policies, as the inventory shows.

use super::Diagnostic;
use super::access::{Access, Cell, Verdict};
use crate::catalog::{Inventory, Object, ObjectId};
use crate::order;
use crate::pgtap::overload;
use crate::record::spell;
use crate::scan::circumstance::{Circumstance, Outcome};
use crate::scan::definitions::note::{Guard, Trait};
use crate::scan::fact::{Aspect, Code, ObjectKind};

/// Roles that stand for whoever runs a statement.
const NOT_ROLES: [&[u8]; 4] = [b"public", b"current_user", b"session_user", b"current_role"];

/// The name of an object as people write it.
pub(super) fn qualified(object: &Object) -> String {
    dotted([&object.schema, &object.name, &object.sub])
}

/// Those names that are there.
pub(super) fn dotted(names: [&[u8]; 3]) -> String {
    names.into_iter().filter(|name| !name.is_empty()).map(spell).collect::<Vec<_>>().join(".")
}

/// `lives_ok` of UPDATE or DELETE by a role that row level security concerns.
pub(super) fn no_rows(
    inventory: &Inventory,
    aspect: Aspect,
    found: &[ObjectId],
    told: &Circumstance<'_>,
) -> Option<String> {
    let [relation] = found else { return None };
    let relation = inventory.object(*relation);
    let command = match aspect {
        Aspect::UPDATE => "UPDATE",
        Aspect::DELETE => "DELETE",
        _ => return None,
    };
    let concerns = !told.role.is_empty() && inventory.secures(relation, told.role);
    (told.outcome == Outcome::Lives && concerns && !relation.kind.is_sub()).then(|| {
        format!(
            "{command} of {} as {} lives also where row level security hides every row: look at what is left, or at \
             RETURNING",
            qualified(relation),
            spell(told.role)
        )
    })
}

/// `policies_are('t', …)` and its like look at a table of that name in whatever schema.
pub(super) fn any_schema(inventory: &Inventory, via: u16, found: &[ObjectId]) -> Option<String> {
    let name = overload(via)?.name;
    if !matches!(name, "policies_are" | "triggers_are" | "policy_roles_are" | "policy_cmd_is") {
        return None;
    }
    let [first, _, ..] = found else { return None };
    let table = spell(&inventory.object(*first).name);
    let schemas: Vec<String> = found.iter().map(|id| spell(&inventory.object(*id).schema)).collect();
    Some(format!(
        "{name}('{table}', …) looks at the tables called {table} of all schemas ({}): name the schema",
        schemas.join(", ")
    ))
}

/// Tables that row level security closes without a policy, and roles of policies that no test assumes.
pub(super) fn of_schema(inventory: &Inventory, access: &Access) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut roles: Vec<(&[u8], ObjectId)> = Vec::new();
    for (id, object) in inventory.objects() {
        if object.kind == ObjectKind::Policy {
            let assumed = |role: &&[u8]| !NOT_ROLES.contains(role) && !access.knows(role);
            roles.extend(Guard::decode(object.detail()).roles.into_iter().filter(assumed).map(|role| (role, id)));
        }
        let is_table = matches!(object.kind, ObjectKind::Table | ObjectKind::PartitionedTable);
        if is_table
            && object.is_counted()
            && object.has(Trait::SECURED)
            && !inventory.parts(object).iter().any(|part| inventory.object(*part).kind == ObjectKind::Policy)
        {
            let message =
                format!("{} has row level security and no policy: none but its owner sees a row", qualified(object));
            found.push(Diagnostic { file: object.file, line: object.line, code: Code::NoPolicy, message });
        }
    }
    order::sort(&mut roles, Ord::cmp);
    roles.dedup_by_key(|(role, _)| *role);
    found.extend(roles.into_iter().map(|(role, policy)| {
        let policy = inventory.object(policy);
        let message =
            format!("no test assumes the role {}, which policies such as {} are for", spell(role), qualified(policy));
        Diagnostic { file: policy.file, line: policy.line, code: Code::RoleNotAssumed, message }
    }));
    found
}

/// Relations and routines that somebody may use, and that no test shows anyone to be refused.
pub(super) fn never_denied(inventory: &Inventory, matrix: &[Cell]) -> Vec<Diagnostic> {
    let is_tested = |cell: &&Cell| inventory.object(cell.object).kind != ObjectKind::Schema;
    let cells: Vec<&Cell> = matrix.iter().filter(is_tested).collect();
    let mut found = Vec::new();
    for of in cells.chunk_by(|a, b| a.object == b.object) {
        let mut commands = Vec::new();
        for same in of.chunk_by(|a, b| a.command == b.command) {
            let any = |verdicts: &[Verdict]| same.iter().any(|cell| verdicts.contains(&cell.verdict));
            if any(&[Verdict::Allowed])
                && !any(&[Verdict::Denied, Verdict::Both])
                && let Some(cell) = same.first()
            {
                commands.push(cell.command.as_str());
            }
        }
        if let (Some(cell), false) = (of.first(), commands.is_empty()) {
            let object = inventory.object(cell.object);
            let message = format!(
                "{}: tests show who may do this, and nobody who may not: {}",
                qualified(object),
                commands.join(", ")
            );
            found.push(Diagnostic { file: object.file, line: object.line, code: Code::NeverDenied, message });
        }
    }
    found
}
