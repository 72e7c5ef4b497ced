//! What a scan finds: definitions, evidence, diagnostics. The words that records are made of.

use super::expression::Typed;
use crate::pgtap::{Class, Overload};

macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum $name { $($(#[$doc])* $variant),+ }

        impl $name {
            /// Every value, in order of its number.
            pub const ALL: &'static [$name] = &[$($name::$variant),+];

            /// The stable spelling.
            pub fn as_str(self) -> &'static str {
                match self { $($name::$variant => $text),+ }
            }

            /// The value with this number.
            pub fn from_number(number: u8) -> Option<Self> {
                Self::ALL.get(usize::from(number)).copied()
            }

            /// The value that is spelled so.
            pub fn from_word(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.as_str() == word)
            }
        }
    };
}

words! {
    /// Kind of an object, spelled in kebab-case. Relation to Partition stand only in evidence: an
    /// assertion that accepts several kinds.
    #[allow(missing_docs)]
    ObjectKind {
        Schema = "schema", Table = "table", PartitionedTable = "partitioned-table", ForeignTable = "foreign-table",
        View = "view", MaterializedView = "materialized-view", Sequence = "sequence", CompositeType = "composite-type",
        Column = "column", Index = "index", PrimaryKey = "primary-key", UniqueConstraint = "unique-constraint",
        ForeignKey = "foreign-key", CheckConstraint = "check-constraint", ExclusionConstraint = "exclusion-constraint",
        ConstraintTrigger = "constraint-trigger", DomainConstraint = "domain-constraint", Trigger = "trigger",
        Rule = "rule", Policy = "policy", Function = "function", Procedure = "procedure", Aggregate = "aggregate",
        WindowFunction = "window-function", Domain = "domain", Enum = "enum", RangeType = "range-type",
        BaseType = "base-type", Operator = "operator", OperatorClass = "operator-class", Cast = "cast",
        Extension = "extension", Language = "language", EventTrigger = "event-trigger", Publication = "publication",
        ForeignDataWrapper = "foreign-data-wrapper", ForeignServer = "foreign-server", Role = "role",
        Relation = "relation", Routine = "routine", Type = "type", Partition = "partition",
        RoleMembership = "role-membership",
    }
}

impl ObjectKind {
    /// Whether an assertion about this kind speaks of an object of kind `object`, as pgTAP's queries decide it.
    pub fn covers(self, object: ObjectKind) -> bool {
        use ObjectKind::{
            Aggregate, BaseType, CompositeType, Domain, Enum, ForeignTable, Function, MaterializedView, Partition,
            PartitionedTable, Procedure, RangeType, Relation, Routine, Sequence, Table, Type, View, WindowFunction,
        };
        match self {
            Function => matches!(object, Function | WindowFunction),
            Table | Partition => matches!(object, Table | PartitionedTable),
            Relation => {
                matches!(
                    object,
                    Table | PartitionedTable | ForeignTable | View | MaterializedView | Sequence | CompositeType
                )
            }
            Routine => matches!(object, Function | Procedure | Aggregate | WindowFunction),
            Type => matches!(
                object,
                Domain
                    | Enum
                    | RangeType
                    | BaseType
                    | CompositeType
                    | Table
                    | PartitionedTable
                    | View
                    | MaterializedView
            ),
            _ => self == object,
        }
    }

    /// A routine's key has arguments.
    pub fn is_routine(self) -> bool {
        use ObjectKind::{Aggregate, Function, Procedure, Routine, WindowFunction};
        matches!(self, Function | Procedure | Aggregate | WindowFunction | Routine)
    }

    /// Has columns and shares one name space with its like.
    pub fn is_relation(self) -> bool {
        use ObjectKind::{CompositeType, ForeignTable, MaterializedView, PartitionedTable, Sequence, Table, View};
        matches!(self, Table | PartitionedTable | ForeignTable | View | MaterializedView | Sequence | CompositeType)
    }

    /// A row of pg_constraint, whose names are unique for a relation or domain; those that PostgreSQL chooses, in the
    /// schema.
    pub fn is_constraint(self) -> bool {
        use ObjectKind::{
            CheckConstraint, DomainConstraint, ExclusionConstraint, ForeignKey, PrimaryKey, UniqueConstraint,
        };
        matches!(
            self,
            PrimaryKey | UniqueConstraint | ExclusionConstraint | ForeignKey | CheckConstraint | DomainConstraint
        )
    }

    /// A part of a relation: its key has a `sub`.
    pub fn is_sub(self) -> bool {
        use ObjectKind::{
            CheckConstraint, Column, ConstraintTrigger, ExclusionConstraint, ForeignKey, Index, Policy, PrimaryKey,
            Rule, Trigger, UniqueConstraint,
        };
        matches!(
            self,
            Column
                | Index
                | PrimaryKey
                | UniqueConstraint
                | ForeignKey
                | CheckConstraint
                | ExclusionConstraint
                | ConstraintTrigger
                | Trigger
                | Rule
                | Policy
        )
    }

    /// The inventory knows the objects of this kind. Roles and languages belong to no schema source; of operators and
    /// casts a test may mean the server's.
    pub fn is_inventoried(self) -> bool {
        use ObjectKind::{Cast, Language, Operator, OperatorClass, Role};
        !matches!(self, Operator | OperatorClass | Cast | Language | Role)
    }

    /// Counts in the headline total.
    pub fn is_headline(self) -> bool {
        use ObjectKind::{Function, MaterializedView, PartitionedTable, Policy, Procedure, Table, Trigger, View};
        matches!(self, Table | PartitionedTable | View | MaterializedView | Function | Procedure | Trigger | Policy)
    }
}

words! {
    /// How strongly a place tests an object.
    Strength {
        /// A pgTAP assertion about the object itself.
        Structure = "structure",
        /// The statement runs under an assertion.
        Behavior = "behavior",
        /// A statement that assertions follow.
        Act = "act",
        /// Any other statement that runs.
        Fixture = "fixture",
        /// A statement in what a test creates: as strong as the places that use it. No report shows it.
        Body = "body",
    }
}

words! {
    /// What a definition event does.
    Op {
        /// CREATE; fails where the object exists.
        Create = "create",
        /// CREATE IF NOT EXISTS
        CreateIfMissing = "create-if-missing",
        /// CREATE OR REPLACE
        Replace = "replace",
        /// CREATE without a name: PostgreSQL chooses one; the detail has its parts.
        CreateNamed = "create-named",
        /// DROP
        Drop = "drop",
        /// RENAME TO; the detail is the new name.
        Rename = "rename",
        /// SET SCHEMA; the detail is the schema.
        Move = "move",
        /// A change that keeps the object, such as ENABLE ROW LEVEL SECURITY.
        Alter = "alter",
        /// A test makes an object, which runs what follows with strength [`Strength::Body`].
        Conduit = "conduit",
        /// An assertion follows the statements before, in the same transaction; where the kind is a routine, in the
        /// same body.
        Asserted = "asserted",
        /// None followed them.
        Unasserted = "unasserted",
        /// Lines of a test did not pass, see [`super::results`].
        NotPassed = "not-passed",
    }
}

words! {
    /// How the schema of a key is to be understood.
    Scope {
        /// It is written, or the object has none.
        Named = "named",
        /// The first schema of the search path that has such an object; the schema field holds the path, NUL-joined.
        Path = "path",
        /// Every schema.
        Any = "any",
        /// Every schema but the system's.
        User = "user",
        /// Named where a schema of that name exists. Otherwise the schema field is the relation, the name the sub-object,
        /// and the path in `args` says where to look.
        IfSchema = "if-schema",
    }
}

words! {
    /// What could not be understood, or deserves attention.
    #[allow(missing_docs)]
    Code {
        Ambiguous = "ambiguous", Undefined = "undefined", Mismatch = "mismatch", Dynamic = "dynamic", OverLimit = "limit",
        Include = "include-not-read", Unterminated = "unterminated", DescriptionLooksLikeName = "description-looks-like-name",
        Contradiction = "contradiction", DynamicDefinition = "dynamic-definition", UnknownObject = "unknown-object",
        Duplicate = "duplicate-definition", AmbiguousCall = "ambiguous-call", NestedTooDeep = "nested-too-deep",
        UnknownFunction = "unknown-function", AnyError = "throws-any-error", DescriptionOutside = "description-outside",
        Template = "template", Plan = "plan", NotRead = "definition-not-read", Broken = "broken-statement",
        NoRows = "passes-on-no-rows", AnySchema = "any-schema", NoPolicy = "no-policy", RoleNotAssumed = "role-not-assumed",
        Catalog = "catalog", NoAssertion = "no-assertion", NeverDenied = "never-denied",
    }
}

impl Code {
    /// `error`, `warning` or `info`.
    pub fn severity(self) -> &'static str {
        match self {
            Code::Ambiguous | Code::Undefined | Code::Mismatch | Code::Unterminated | Code::Broken => "error",
            Code::AmbiguousCall
            | Code::AnyError
            | Code::NoRows
            | Code::AnySchema
            | Code::NoPolicy
            | Code::RoleNotAssumed
            | Code::Catalog
            | Code::NoAssertion
            | Code::NeverDenied => "info",
            _ => "warning",
        }
    }

    /// A call that could not be understood.
    pub fn is_blind_spot(self) -> bool {
        matches!(
            self,
            Code::Ambiguous | Code::Undefined | Code::Mismatch | Code::Dynamic | Code::OverLimit | Code::Catalog
        )
    }
}

/// What is tested, as a number into [`ASPECTS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Aspect(pub u8);

/// The spellings; a number is a place in this table, so new ones go to its end.
pub const ASPECTS: [&str; 74] = [
    "exists",
    "listed",
    "member",
    "members",
    "called",
    "fired",
    "read",
    "insert",
    "update",
    "delete",
    "violated",
    "access-method",
    "any-column-privileges",
    "clustered",
    "columns",
    "columns-indexed",
    "command",
    "default",
    "default-exists",
    "default-not-exists",
    "definition",
    "event",
    "exists-all",
    "function",
    "has-children",
    "inheritance",
    "instead",
    "labels",
    "language",
    "membership",
    "no-children",
    "not-columns",
    "not-exists",
    "not-inheritance",
    "not-membership",
    "not-null",
    "not-routine-kind",
    "not-security-definer",
    "not-strict",
    "not-superuser",
    "not-type",
    "nullable",
    "operator",
    "owner",
    "parent",
    "partial",
    "primary",
    "privileges",
    "returns",
    "roles",
    "routine-kind",
    "security-definer",
    "strict",
    "superuser",
    "trusted",
    "type",
    "unique",
    "volatility",
    "primary-key",
    "foreign-key",
    "unique-constraint",
    "check-constraint",
    "not-primary-key",
    "not-foreign-key",
    "used",
    "tested",
    "not-partitioned",
    "truncate",
    "raised",
    "row-security",
    "named",
    "usage",
    "using",
    "with-check",
];

impl Aspect {
    /// Only named in a list of what its container holds.
    pub const LISTED: Aspect = Aspect(1);
    /// A part of it is tested.
    pub const MEMBER: Aspect = Aspect(2);
    /// What it holds is listed.
    pub const MEMBERS: Aspect = Aspect(3);
    /// It is there.
    pub const EXISTS: Aspect = Aspect(0);
    /// It has children or partitions.
    pub const HAS_CHILDREN: Aspect = Aspect(24);
    /// The routine runs.
    pub const CALLED: Aspect = Aspect(4);
    /// The trigger fires, or the function that it runs.
    pub const FIRED: Aspect = Aspect(5);
    /// Rows are read.
    pub const READ: Aspect = Aspect(6);
    /// Rows are inserted.
    pub const INSERT: Aspect = Aspect(7);
    /// Rows are updated.
    pub const UPDATE: Aspect = Aspect(8);
    /// Rows are deleted.
    pub const DELETE: Aspect = Aspect(9);
    /// The constraint refuses a statement.
    pub const VIOLATED: Aspect = Aspect(10);
    /// NULL is refused.
    pub const NOT_NULL: Aspect = Aspect(35);
    /// No more is said.
    pub const TESTED: Aspect = Aspect(65);
    /// A text names it that the server looks up.
    pub const NAMED: Aspect = Aspect(70);
    /// Who may do what with it.
    pub const PRIVILEGES: Aspect = Aspect(47);
    /// Names in the schema may be looked up.
    pub const USAGE: Aspect = Aspect(71);
    /// The USING expression of a policy decides.
    pub const USING: Aspect = Aspect(72);
    /// Its WITH CHECK expression does.
    pub const WITH_CHECK: Aspect = Aspect(73);
    /// Row level security is enabled.
    pub const SECURED: Aspect = Aspect(69);
    /// It is not there: no evidence, but where it is, a contradiction.
    pub const NOT_EXISTS: Aspect = Aspect(32);
    /// The routine raises the error that is expected.
    pub const RAISED: Aspect = Aspect(68);
    /// The table is emptied.
    pub const TRUNCATE: Aspect = Aspect(67);
    /// It is named where it matters: a type in a cast, a declaration.
    pub const USED: Aspect = Aspect(64);

    /// The aspect that is spelled so.
    pub fn from_word(word: &str) -> Option<Aspect> {
        let at = ASPECTS.iter().position(|a| *a == word)?;
        u8::try_from(at).ok().map(Aspect)
    }

    /// The spelling.
    pub fn as_str(self) -> &'static str {
        ASPECTS.get(usize::from(self.0)).copied().unwrap_or("tested")
    }

    /// What an overload tests of its object.
    pub fn of(overload: &Overload) -> Aspect {
        let word = match (overload.class, overload.aspect) {
            (Class::Set, _) => "listed",
            (_, word) => word,
        };
        Aspect::from_word(word).unwrap_or(Aspect(65))
    }
}

/// Names an object, or candidates for one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key<'a> {
    /// Kind.
    pub kind: ObjectKind,
    /// How `schema` is to be understood.
    pub scope: Scope,
    /// Schema, or the search path.
    pub schema: &'a [u8],
    /// Name; for sub-objects the relation's.
    pub name: &'a [u8],
    /// Column, trigger, policy, index, constraint.
    pub sub: &'a [u8],
    /// Argument types of a routine; [`ANY_ARGS`] where the place does not tell.
    pub args: &'a [u8],
}

/// Begins the detail of a CREATE … IF NOT EXISTS whose parts follow, up to an [`Op::Alter`].
pub const GUARDED: &[u8] = b"guarded\0";
/// Begins the detail of a partition.
pub const PARTITION: &[u8] = b"partition\0";
/// Begins the detail of a [`Code::DynamicDefinition`] of a statement, before how it begins.
pub const EXECUTE: &[u8] = b"EXECUTE ";
/// Stands there for what is not known.
pub const MORE: &[u8] = "…".as_bytes();
/// Stands between the words of a CHECK expression in the detail of a constraint without a name.
pub const WORDS: u8 = 1;

/// Stands for the overload where evidence is of no assertion.
pub const VIA_STATEMENT: u16 = u16::MAX;

/// Stands for the overload where a rule says what a call asserts.
pub const VIA_RULE: u16 = u16::MAX - 1;

/// Stands for "every overload of that name". No list of types is spelled so.
pub const ANY_ARGS: &[u8] = b"*";

/// Why evidence does not count; empty where it does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Flags(pub u8);

impl Flags {
    /// It counts.
    pub const NONE: Flags = Flags(0);
    /// The test is expected to fail.
    pub const TODO: Flags = Flags(1);
    /// It stands in a branch of `\if` that may not run.
    pub const BRANCH: Flags = Flags(2);
    /// The trigger has a condition.
    pub const MAY_FIRE: Flags = Flags(4);
    /// Another permissive policy may have let it pass.
    pub const SHARED: Flags = Flags(8);
    /// The test failed or did not run; results of a run say so, no record.
    pub const NOT_PASSED: Flags = Flags(16);
    /// All of them.
    pub const ALL: Flags = Flags(31);

    /// The spellings.
    pub fn words(self) -> Vec<&'static str> {
        let named = [
            (Flags::TODO, "todo"),
            (Flags::BRANCH, "branch"),
            (Flags::MAY_FIRE, "may-fire"),
            (Flags::SHARED, "shared"),
            (Flags::NOT_PASSED, "not-passed"),
        ];
        named.into_iter().filter(|(flag, _)| self.0 & flag.0 != 0).map(|(_, word)| word).collect()
    }
}

impl std::ops::BitOr for Flags {
    type Output = Flags;

    fn bitor(self, other: Flags) -> Flags {
        Flags(self.0 | other.0)
    }
}

/// One finding.
#[derive(Debug, Clone, Copy)]
pub enum Fact<'a> {
    /// The place tests the object.
    Evidence {
        /// Which object.
        key: Key<'a>,
        /// Number of the overload in the catalogue.
        via: u16,
        /// What is tested.
        aspect: Aspect,
        /// How.
        strength: Strength,
        /// 1-based line.
        line: u32,
        /// Why it does not count.
        flags: Flags,
        /// How the statement runs, see [`super::circumstance`].
        circumstance: &'a [u8],
    },
    /// The place defines or changes the object.
    Definition {
        /// Which object.
        key: Key<'a>,
        /// What happens to it.
        op: Op,
        /// See [`Op`]; for triggers the function, for policies the command.
        detail: &'a [u8],
        /// 1-based line.
        line: u32,
    },
    /// Something that the reader should know.
    Diagnostic {
        /// What.
        code: Code,
        /// The signature or the name concerned.
        detail: &'a [u8],
        /// 1-based line.
        line: u32,
    },
}

/// The arena has no room for the next record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Full;

/// Takes facts.
pub trait Facts {
    /// Keeps one fact.
    ///
    /// # Errors
    /// [`Full`] where there is no room; the fact is offered again later.
    fn fact(&mut self, fact: Fact<'_>) -> Result<(), Full>;

    /// Hears of a call, before the facts that follow from it. Who keeps records ignores it.
    ///
    /// # Errors
    /// [`Full`]
    fn call(&mut self, _call: Called<'_>) -> Result<(), Full> {
        Ok(())
    }
}

words! {
    /// What a statement is a part of.
    Context {
        /// The script itself.
        Script = "script",
        /// The body of a routine.
        Routine = "routine",
        /// A DO block.
        Do = "do",
        /// A string that an assertion runs.
        String = "string",
    }
}

/// A call by the name of a pgTAP function, or by one that looks like it.
#[derive(Debug, Clone, Copy)]
pub struct Called<'a> {
    /// The name.
    pub name: &'a [u8],
    /// The functions of that name; empty where pgTAP has none.
    pub overloads: &'static [Overload],
    /// The one that runs, or one that reads its arguments alike; none where the text does not tell.
    pub overload: Option<&'a Overload>,
    /// The arguments in the order of its parameters.
    pub arguments: &'a [Option<&'a Typed>],
    /// Why there is none, or why the server refuses the call.
    pub problem: Option<Code>,
    /// Where it stands.
    pub context: Context,
    /// 1-based line.
    pub line: u32,
}
