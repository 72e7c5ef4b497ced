// What the corpus is about: the tables of an invented company, their columns, and values and prose for them.

const SCHEMAS = [
  'app',
  'billing',
  'catalog',
  'crm',
  'identity',
  'inventory',
  'messaging',
  'scheduling',
  'support',
];
const NOUNS =
  `account address agreement allocation alert appointment approval article asset attachment batch booking
  budget campaign cart carrier category charge claim comment contact contract coupon course credit customer delivery
  deposit device discount document estimate event expense feature feedback folder forecast incident invite invoice
  item job lead ledger license location mandate member message milestone note notice order package payment payout
  permission plan preference price product profile project proposal quota quote rate receipt refund region reminder
  report request reservation return review room route schedule segment session setting shift shipment statement
  stock subscription supplier survey task tax team template tenant ticket transfer usage vendor visit voucher
  warehouse webhook workflow`.split(/\s+/);
const PARTS = [
  'line',
  'version',
  'tag',
  'log',
  'rule',
  'entry',
  'link',
  'status',
  'snapshot',
  'share',
  'member',
];
export const PEOPLE = [
  'ada',
  'bao',
  'chidi',
  'dana',
  'elif',
  'farid',
  'greta',
  'hugo',
  'ines',
  'jonas',
  'kaya',
  'liam',
];
export const ROLES = ['authenticated', 'anon', 'service_role', 'support_agent'];
const WORDS =
  `annual archived basic blocked bulk central closed corporate daily default delayed draft early eastern
  extended external final first fixed internal large late local main manual monthly northern open partial pending
  premium primary quarterly regular remote second shared small southern special standard urgent weekly western`.split(
    /\s+/,
  );

const COLUMNS = [
  ['name', 'text', 'not null'],
  ['title', 'text', 'not null'],
  ['slug', 'text', 'not null'],
  ['description', 'text', ''],
  ['status', 'text', "not null default 'draft'"],
  ['email', 'citext', ''],
  ['phone', 'varchar(32)', ''],
  ['country_code', 'char(2)', ''],
  ['amount_cents', 'integer', 'not null default 0'],
  ['unit_price', 'numeric(12,2)', 'not null default 0'],
  ['currency', 'char(3)', "not null default 'EUR'"],
  ['quantity', 'integer', 'not null default 1'],
  ['position', 'smallint', ''],
  ['is_active', 'boolean', 'not null default true'],
  ['is_default', 'boolean', 'not null default false'],
  ['metadata', 'jsonb', "not null default '{}'::jsonb"],
  ['settings', 'jsonb', ''],
  ['tags', 'text[]', "not null default '{}'"],
  ['starts_at', 'timestamptz', ''],
  ['ends_at', 'timestamptz', ''],
  ['due_on', 'date', ''],
  ['valid_during', 'tstzrange', ''],
  ['external_id', 'uuid', ''],
  ['owner_id', 'uuid', 'not null'],
  ['notes', 'text', ''],
  ['deleted_at', 'timestamp with time zone', ''],
  ['version', 'bigint', 'not null default 1'],
  ['rating', 'double precision', ''],
];

const STATES = ['draft', 'open', 'active', 'paused', 'closed', 'cancelled'];

const plural = (noun) =>
  /[sxh]$/.test(noun) ? `${noun}es` : /[^aeiou]y$/.test(noun) ? `${noun.slice(0, -1)}ies` : `${noun}s`;

/** A table: schema, name, singular, columns, the table that it refers to, its routines, policies and triggers. */
export function makeTables(random) {
  const tables = [];
  for (const schema of SCHEMAS) {
    const nouns = random.some(NOUNS, 40);
    const names = [...nouns, ...nouns.map((noun) => `${noun}_${random.pick(PARTS)}`)];
    const first = tables.length;
    for (const singular of names) {
      const parent =
        tables.length > first && random.chance(0.7) ? tables[random.between(first, tables.length - 1)] : null;
      const columns = random.some(COLUMNS, random.between(4, 14));
      tables.push({
        schema,
        singular,
        table: plural(singular),
        name: `${schema}.${plural(singular)}`,
        parent,
        columns,
      });
    }
  }
  for (const table of tables) {
    const { schema, singular } = table;
    table.functions = random.some(
      ['create', 'close', 'count', 'assign', 'recalculate'],
      random.between(1, 2),
    );
    table.functions = table.functions.map((verb) => ({ verb, name: `${schema}.${verb}_${singular}` }));
    table.policies = random
      .some(['select', 'insert', 'update', 'delete'], random.between(2, 4))
      .map((command) => ({
        command,
        name: `${table.table}_${command}_${random.pick(['own', 'member', 'staff'])}`,
      }));
    table.trigger = `${table.table}_touch`;
  }
  return tables;
}

export const uuid = (random) => {
  const hex = (digits) =>
    random
      .between(0, 16 ** digits - 1)
      .toString(16)
      .padStart(digits, '0');
  return `${hex(8)}-${hex(4)}-4${hex(3)}-8${hex(3)}-${hex(6)}${hex(6)}`;
};

const two = (n) => String(n).padStart(2, '0');
const day = (random) => `2024-${two(random.between(1, 12))}-${two(random.between(1, 28))}`;
const time = (random) => `${day(random)} ${two(random.between(0, 23))}:${two(random.between(0, 59))}:00+00`;
const words = (random, low, high) =>
  Array.from({ length: random.between(low, high) }, () => random.pick(WORDS)).join(' ');

/** A literal for a column. */
export function literal(random, [name, type]) {
  switch (type) {
    case 'integer':
    case 'smallint':
    case 'bigint':
      return String(random.between(1, name === 'amount_cents' ? 99_900 : 40));
    case 'numeric(12,2)':
    case 'double precision':
      return `${random.between(1, 900)}.${two(random.between(0, 99))}`;
    case 'boolean':
      return random.pick(['true', 'false']);
    case 'jsonb':
      return `'{"source": "${random.pick(WORDS)}", "retries": ${random.between(0, 5)}, "labels": ["${random.pick(WORDS)}"]}'`;
    case 'text[]':
      return random.chance(0.5)
        ? `array['${random.pick(WORDS)}', '${random.pick(WORDS)}']`
        : `'{${random.pick(WORDS)}}'`;
    case 'timestamptz':
    case 'timestamp with time zone':
      return random.chance(0.3) ? `now() - interval '${random.between(1, 90)} days'` : `'${time(random)}'`;
    case 'date':
      return `'${day(random)}'`;
    case 'tstzrange':
      return `'[2024-01-01, ${day(random)}]'`;
    case 'uuid':
      return `'${uuid(random)}'`;
    case 'citext':
      return `'${random.pick(PEOPLE)}.${random.pick(WORDS)}@example.com'`;
    case 'char(2)':
      return `'${random.pick(['DE', 'FR', 'NL', 'SE', 'PT'])}'`;
    case 'char(3)':
      return `'${random.pick(['EUR', 'USD', 'SEK'])}'`;
    case 'varchar(32)':
      return `'+49 30 ${random.between(100000, 999999)}'`;
    default:
      if (name === 'status') return `'${random.pick(STATES)}'`;
      if (name === 'slug') return `'${words(random, 2, 3).replaceAll(' ', '-')}'`;
      if (name === 'description' || name === 'notes') return `'${sentence(random)}'`;
      return `'${words(random, 1, 3)}${random.chance(0.05) ? "''s" : ''}'`;
  }
}

const SENTENCES = [
  'A % belongs to one organization and is seen by its members only.',
  'Staff may read every %, but change only what they own.',
  'The trigger keeps the totals of the % in step with its lines.',
  'Whoever is signed out sees nothing, not even that there is a %.',
  'A closed % stays as it is; reopening makes a new version.',
  'The oldest % wins where two of them overlap in time.',
  'Amounts are cents, so that no sum of a % is ever rounded.',
  'Imported from the old system, where a % had no owner.',
  'Deleting a % only marks it, since invoices refer to it for ten years.',
  'This runs as the definer because the % lies in a schema that members cannot use.',
  'Regression: a % without an end date was left out of the report.',
  'Two sessions may ask for the same % at once; the second waits for the first.',
  'Nightly jobs skip a % that was touched within the last hour.',
  'The view hides what a % costs from everybody outside of finance.',
];

export const sentence = (random, noun = random.pick(NOUNS)) =>
  random.pick(SENTENCES).replace('%', noun.replaceAll('_', ' '));

/** A comment of some lines. */
export const comment = (random, noun, lines = random.between(1, 3)) =>
  Array.from({ length: lines }, () => `-- ${sentence(random, noun)}`).join('\n');

/** Columns with a literal each: what an INSERT gives. */
export const given = (random, table) =>
  table.columns.filter(([, , rule]) => rule.startsWith('not null') || random.chance(0.4));

const KEYWORDS =
  `select insert into values update set delete from where join left on group by order having limit returning
  create or replace function procedure returns language as begin end declare if then elsif else loop for in raise exception
  table index unique primary key foreign references not null default check constraint policy trigger view grant to usage
  execute before after each row when using with add column alter enable level security comment is case and exists
  perform return new old begin rollback commit prepare do`.split(/\s+/);
const KEYWORD = new RegExp(`\\b(?:${[...new Set(KEYWORDS)].join('|')})\\b(?![.(])`, 'g');

/** Keywords in capitals, outside of literals and comments: half of the world writes them so. */
export const capitals = (sql) =>
  sql
    .split(/('(?:[^']|'')*'|--[^\n]*)/)
    .map((part, n) => (n % 2 ? part : part.replace(KEYWORD, (word) => word.toUpperCase())))
    .join('');
