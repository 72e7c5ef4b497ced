import { describe, expect, it } from 'vitest';
import { byteOrder, discover, naturalOrder, RELEVANT } from '../../js/discover.js';
import { CoverageError } from '../../js/error.js';

type Texts = Record<string, string>;

const read = (texts: Texts) => async (path: string, bytes: number) =>
  new TextEncoder().encode(texts[path] ?? '').slice(0, bytes);

/** A project of these files, some with a text that matters. */
const find = (paths: string[], texts: Texts = {}) =>
  discover([...paths, ...Object.keys(texts).filter((path) => !paths.includes(path))], read(texts));

interface Layout {
  paths?: string[];
  texts?: Texts;
  schema: string[];
  tests?: string[];
  layout: string;
  markers?: string;
  notes?: string[];
}

const LAYOUTS: Record<string, Layout> = {
  'Supabase: migrations by file name, tests at any depth, no others': {
    paths: [
      'supabase/tests/b.sql',
      'supabase/migrations/20240201_b.sql',
      'supabase/migrations/20240101_a.sql',
      'supabase/migrations/README.md',
      'supabase/tests/database/a.pg',
      'supabase/schemas/public.sql',
      'supabase/seed.sql',
      'tests/not-this.sql',
    ],
    schema: ['supabase/migrations/20240101_a.sql', 'supabase/migrations/20240201_b.sql'],
    tests: ['supabase/tests/b.sql', 'supabase/tests/database/a.pg'],
    layout: 'Supabase: schema from supabase/migrations (2 files), tests from supabase/tests (2 files)',
  },
  'Supabase: declarative schemas where there are no migrations': {
    paths: ['supabase/schemas/b/y.sql', 'supabase/schemas/x.sql', 'supabase/tests/a.sql'],
    schema: ['supabase/schemas/x.sql', 'supabase/schemas/b/y.sql'],
    tests: ['supabase/tests/a.sql'],
    layout: 'Supabase: schema from supabase/schemas (2 files), tests from supabase/tests (1 file)',
  },
  'Supabase: the least deep one': {
    paths: ['apps/a/b/supabase/migrations/1_a.sql', 'apps/x/supabase/migrations/1_x.sql'],
    schema: ['apps/x/supabase/migrations/1_x.sql'],
    layout: 'Supabase: schema from apps/x/supabase/migrations (1 file), no tests',
    notes: ['apps/a/b/: another project of Supabase, left out'],
  },
  'Supabase: the folder itself is the project': {
    paths: ['config.toml', 'migrations/10_a.sql', 'migrations/2_b.sql', 'tests/t.sql'],
    schema: ['migrations/10_a.sql', 'migrations/2_b.sql'],
    tests: ['tests/t.sql'],
    layout: 'Supabase: schema from migrations (2 files), tests from tests (1 file)',
  },
  'Supabase: only its tests, with the schema of another tool': {
    paths: ['supabase/tests/a.sql', 'sql/V1__a.sql', 'spec/x/b.sql'],
    schema: ['sql/V1__a.sql'],
    tests: ['spec/x/b.sql', 'supabase/tests/a.sql'],
    layout: 'Flyway: schema from sql (1 file), tests from spec, supabase/tests (2 files)',
  },
  'sqitch: the order of the plan, deploy scripts only': {
    paths: [
      'deploy/users.sql',
      'deploy/app/schema.sql',
      'deploy/unplanned.sql',
      'revert/users.sql',
      'verify/users.sql',
      'verify/users_test.sql',
      'test/users.sql',
      't/x.pg',
      'schema.sql',
    ],
    texts: {
      'sqitch.conf':
        '[core]\n\tengine = pg\n\t# plan_file = sqitch.plan\n[engine "pg"]\n\ttarget = db:pg:app\n',
      'sqitch.plan':
        '%syntax-version=1.0.0\n%project=app\n%uri=https://example.org/\n\n' +
        'app/schema 2024-01-01T00:00:00Z A <a@example.org> # The schema.\n' +
        '+users [app/schema] 2024-01-02T00:00:00Z A <a@example.org>\n@v1 2024-01-03T00:00:00Z A <a@example.org>\n',
    },
    schema: ['deploy/app/schema.sql', 'deploy/users.sql'],
    tests: ['t/x.pg', 'test/users.sql'],
    layout: 'sqitch: schema from sqitch.plan (2 files), tests from t, test (2 files)',
  },
  'sqitch: reworked changes bear the first tag after them that has a script; reverted ones leave nothing': {
    paths: ['deploy/a.sql', 'deploy/a@v1.sql', 'deploy/a@v3.sql', 'deploy/b.sql', 'deploy/gone.sql'],
    texts: {
      'sqitch.plan': 'a\ngone\n@v1\n-gone\n@v2\na [a@v1]\nb\n@v3\n@v4\na\n',
    },
    schema: ['deploy/a@v1.sql', 'deploy/a@v3.sql', 'deploy/b.sql', 'deploy/a.sql'],
    layout: 'sqitch: schema from sqitch.plan (4 files), no tests',
  },
  'sqitch: folders, plan and extension of the engine, in a folder': {
    paths: [
      'db/pg/dep/a.ddl',
      'db/pg/old/deploy/a@x.ddl',
      'db/pg/t/a.sql',
      'db/deploy/a.sql',
      'db/ver/a.sql',
    ],
    texts: {
      'db/sqitch.conf':
        '[CORE]\r\n  engine=pg\r\n  Extension = ddl ; comment\r\n  verify_dir = ver\r\n' +
        '[engine "sqlite"]\r\n top_dir = lite\r\n' +
        '[engine "pg"]\r\n top_dir = "./pg"\r\n deploy_dir = pg/\\\r\ndep\r\n plan_file = pg/my.plan\r\n reworked_dir = pg/old',
      'db/pg/my.plan': '\ufeff%project=x\r\na\r\n@x\r\na [:b !c]\r\n',
    },
    schema: ['db/pg/old/deploy/a@x.ddl', 'db/pg/dep/a.ddl'],
    tests: ['db/pg/t/a.sql'],
    layout: 'sqitch: schema from db/pg/my.plan (2 files), tests from db/pg/t (1 file)',
  },
  'sqitch: projects that require others come after them, targets have plans of their own': {
    paths: ['a/deploy/x.sql', 'b/deploy/x.sql', 'c/deploy/x.sql', 'd/e/sqitch.conf'],
    texts: {
      'sqitch.conf':
        '[core]\nengine = pg\n[target "a"]\nuri = db:pg:a\ntop_dir = a\n[target "B.x"]\ntop_dir = b\n' +
        '[target "c"]\ntop_dir = c\n[target "lite"]\nuri = db:sqlite:x\ntop_dir = lite\n',
      'a/sqitch.plan': '%project=a\nx [c:x]\n',
      'b/sqitch.plan': '%project=b\nx\n',
      'c/sqitch.plan': '%project=c\nx [b:x@v1]\n',
      'lite/sqitch.plan': '%project=lite\ny\n',
    },
    schema: ['b/deploy/x.sql', 'c/deploy/x.sql', 'a/deploy/x.sql'],
    layout: 'sqitch: schema from b/sqitch.plan, c/sqitch.plan, a/sqitch.plan (3 files), no tests',
    notes: ['d/e/: a sqitch project below another, left out'],
  },
  'sqitch: projects that require each other': {
    paths: ['a/sqitch.conf', 'b/sqitch.conf', 'a/deploy/x.sql', 'b/deploy/x.sql'],
    texts: { 'a/sqitch.plan': '%project=a\nx [b:x]\n', 'b/sqitch.plan': '%project=b\nx [a:x]\n' },
    schema: ['b/deploy/x.sql', 'a/deploy/x.sql'],
    layout: 'sqitch: schema from b/sqitch.plan, a/sqitch.plan (2 files), no tests',
    notes: ['b/sqitch.plan: requires a, which requires it in turn: taken by path'],
  },
  'sqitch for another engine is left out': {
    paths: ['migrations/1.sql', 'sqitch.plan'],
    texts: { 'sqitch.conf': '[core]\nengine = mysql\n' },
    schema: ['migrations/1.sql'],
    layout: 'plain: schema from migrations (1 file), no tests',
    notes: ['sqitch.conf: its engine is mysql, not PostgreSQL: left out'],
  },
  'Flyway: versions as numbers, then what repeats by description; no undo, no callback': {
    paths: [
      'db/migration/V10__c.sql',
      'db/migration/V2__b.sql',
      'db/migration/V1__a.sql',
      'db/migration/more/V1_2__x__y.sql',
      'db/migration/V1.2.3__x.sql',
      'db/migration/V01.10__x.sql',
      'db/migration/R__views_b.sql',
      'db/migration/R__a.sql',
      'db/migration/R__views a.sql',
      'db/migration/U2__b_test.sql',
      'db/migration/afterMigrate.sql',
      'db/migration/V3__add_test.sql',
      'db/schema.sql',
      'src/x.test.sql',
      'src/y_test.sql',
    ],
    schema: [
      'db/migration/V1__a.sql',
      'db/migration/more/V1_2__x__y.sql',
      'db/migration/V1.2.3__x.sql',
      'db/migration/V01.10__x.sql',
      'db/migration/V2__b.sql',
      'db/migration/V3__add_test.sql',
      'db/migration/V10__c.sql',
      'db/migration/R__a.sql',
      'db/migration/R__views a.sql',
      'db/migration/R__views_b.sql',
    ],
    tests: ['src/x.test.sql', 'src/y_test.sql'],
    layout: 'Flyway: schema from db/migration (10 files), tests from *.test.sql, *_test.sql (2 files)',
  },
  'Flyway: the last baseline stands for the versions up to it': {
    paths: ['V1__a', 'B1__b', 'V2__c_test', 'B2.0__d', 'V2.1__e', 'V1.9__f', 'R__g'].map(
      (name) => `src/main/resources/db/migration/${name}.sql`,
    ),
    schema: ['B2.0__d', 'V2.1__e', 'R__g'].map((name) => `src/main/resources/db/migration/${name}.sql`),
    layout: 'Flyway: schema from src/main/resources/db/migration (3 files), no tests',
  },
  'Flyway: the locations of flyway.conf, the class path too': {
    paths: ['x/a/V2__a.sql', 'x/src/main/resources/b/V1__b.sql', 'sql/V9__no.sql', 'x/test/t.sql'],
    texts: {
      'x/flyway.conf':
        '# flyway.locations=filesystem:c\nflyway.url=jdbc:x\nflyway.locations = filesystem:./a,\\\n  classpath:/b, ' +
        'filesystem:/flyway/sql,filesystem:../../etc,s3:bucket,filesystem:a/**,filesystem:none',
    },
    // a project at the root would win over one below
    schema: ['sql/V9__no.sql'],
    layout: 'Flyway: schema from sql (1 file), no tests',
  },
  'Flyway: its usual folders where a configuration names none': {
    paths: ['x/migrations/V1__a.sql', 'x/t/a.sql', 'x/y/sql/V1__b.sql'],
    texts: { 'x/conf/flyway.toml': '[flyway]\nlocations = []\n' },
    schema: ['x/migrations/V1__a.sql'],
    tests: ['x/t/a.sql'],
    layout: 'Flyway: schema from x/migrations (1 file), tests from x/t (1 file)',
  },
  'Flyway: the locations of flyway.toml, which wins over flyway.conf': {
    paths: ['a/V2__a.sql', 'src/main/resources/b/V1__b.sql', 'sql/V9__no.sql', 'test/t.sql'],
    texts: {
      'conf/flyway.conf': 'flyway.locations=filesystem:sql',
      'flyway.toml':
        'id = "x"\n[environments.x]\nlocations = ["filesystem:sql"]\n[flyway] # here\nlocations = [ # "no"\n' +
        '  "filesystem:./a", # a\n \'classpath:/b\',\n "filesystem:/flyway/sql", "filesystem:../etc", "s3:bucket",\n' +
        ' "filesystem:a/**", "filesystem:none" ]\nschemas = ["filesystem:sql"]\n',
    },
    schema: ['src/main/resources/b/V1__b.sql', 'a/V2__a.sql'],
    tests: ['test/t.sql'],
    layout: 'Flyway: schema from a, src/main/resources/b (2 files), tests from test (1 file)',
    notes: [
      'flyway.toml:8: filesystem:/flyway/sql: leads out of the project or is none that can be followed, left out',
      'flyway.toml:8: filesystem:../etc: leads out of the project or is none that can be followed, left out',
      'flyway.toml:8: s3:bucket: leads out of the project or is none that can be followed, left out',
      'flyway.toml:9: filesystem:a/**: leads out of the project or is none that can be followed, left out',
      'flyway.toml:9: filesystem:none: no migrations there, left out',
    ],
  },
  'dbmate: by name, beside the dump that it writes': {
    paths: ['db/schema.sql', 'db/migrations/helper.sql', 'db/test/x.sql'],
    texts: {
      'db/migrations/20240201_b.sql': '-- migrate:up\n',
      'db/migrations/20240101_a.sql': '-- migrate:up\n',
    },
    schema: ['db/migrations/20240101_a.sql', 'db/migrations/20240201_b.sql'],
    tests: ['db/test/x.sql'],
    layout: 'dbmate: schema from db/migrations (2 files), tests from db/test (1 file)',
    markers: 'dbmate',
  },
  'goose: by number': {
    paths: ['migrations/10_c.sql', 'migrations/2_b.sql', 'migrations/3_go.go'],
    texts: { 'migrations/1_a.sql': '-- +goose Up\n-- +goose Down\n' },
    schema: ['migrations/1_a.sql', 'migrations/2_b.sql', 'migrations/10_c.sql'],
    layout: 'goose: schema from migrations (3 files), no tests',
    markers: 'goose',
  },
  'node-pg-migrate: where one file has a marker': {
    paths: ['migrations/1700000000000_a.sql', 'migrations/1600000000000_a.sql'],
    texts: { 'migrations/1800000000000_b.sql': 'create table x ();\n-- Down Migration\n' },
    schema: ['1600000000000_a', '1700000000000_a', '1800000000000_b'].map((name) => `migrations/${name}.sql`),
    layout: 'node-pg-migrate: schema from migrations (3 files), no tests',
    markers: 'node-pg-migrate',
  },
  'golang-migrate: a file for each direction': {
    paths: ['10_c.up', '10_c.down', '2_b.up', '2_b.down', 'notes'].map((name) => `migrations/${name}.sql`),
    schema: ['migrations/2_b.up.sql', 'migrations/10_c.up.sql'],
    layout: 'golang-migrate: schema from migrations (2 files), no tests',
  },
  'Graphile Migrate: what is committed, then the current one': {
    paths: ['migrations/current.sql', 'migrations/committed/000002-b.sql', 'migrations/committed/000001.sql'],
    schema: [
      'migrations/committed/000001.sql',
      'migrations/committed/000002-b.sql',
      'migrations/current.sql',
    ],
    layout: 'Graphile Migrate: schema from migrations (3 files), no tests',
  },
  'Prisma: a folder a migration': {
    paths: [
      'prisma/migrations/20240201_b/migration.sql',
      'prisma/migrations/20240101_a/migration.sql',
      'prisma/migrations/20240101_a/down.sql',
      'sql/x.sql',
      'pgtap/a.sql',
    ],
    schema: ['prisma/migrations/20240101_a/migration.sql', 'prisma/migrations/20240201_b/migration.sql'],
    tests: ['pgtap/a.sql'],
    layout: 'Prisma: schema from prisma/migrations (2 files), tests from pgtap (1 file)',
  },
  'Prisma: in a folder, with its tests': {
    paths: ['a/db/prisma/migrations/1/migration.sql', 'a/db/tests/x.sql', 'b/c/d/migrations/1/migration.sql'],
    schema: ['a/db/prisma/migrations/1/migration.sql'],
    tests: ['a/db/tests/x.sql'],
    layout: 'Prisma: schema from a/db/prisma/migrations (1 file), tests from a/db/tests (1 file)',
    notes: ['b/c/d/: another project of Prisma, left out'],
  },
  'Atlas: by name, also in the syntax of another tool': {
    paths: ['migrations/atlas.sum', 'migrations/10.sql'],
    texts: { 'migrations/2.sql': '-- +goose Up\n' },
    schema: ['migrations/10.sql', 'migrations/2.sql'],
    layout: 'Atlas: schema from migrations (2 files), no tests',
    markers: 'goose',
  },
  'plain: migrations in natural order, without those that undo': {
    paths: ['10_c', '2_b', '1_a_test', '3.down'].map((name) => `migrations/${name}.sql`),
    schema: ['migrations/1_a_test.sql', 'migrations/2_b.sql', 'migrations/10_c.sql'],
    layout: 'plain: schema from migrations (3 files), no tests',
  },
  'plain: migrations win over a dump': {
    paths: ['db/structure.sql', 'schema.sql', 'db/migrations/1.sql'],
    schema: ['db/migrations/1.sql'],
    layout: 'plain: schema from db/migrations (1 file), no tests',
  },
  'plain: all usual test folders, one schema place': {
    paths: ['schema.sql', 'sql/ignored.sql', 't/b.pg', 'test/sql/a.sql', 'tests/c.sql', 't/x.txt'],
    schema: ['schema.sql'],
    tests: ['t/b.pg', 'test/sql/a.sql', 'tests/c.sql'],
    layout: 'plain: schema from schema.sql (1 file), tests from t, test, tests (3 files)',
  },
  'plain: tests beside what they test': {
    paths: ['sql/a.sql', 'sql/a_test.sql', 'sql/b.spec.sql', 'x/pgtap/y/c.pg', 'x/d.pg'],
    schema: ['sql/a.sql'],
    tests: ['sql/a_test.sql', 'sql/b.spec.sql', 'x/pgtap/y/c.pg'],
    layout: 'plain: schema from sql (1 file), tests from *_test.sql, *.spec.sql, x/pgtap (3 files)',
  },
  'plain: nothing is both schema and test': {
    paths: ['schema/a.sql', 'schema/pgtap/b.sql', 'schema/c/d.test.sql'],
    schema: ['schema/a.sql'],
    tests: ['schema/c/d.test.sql', 'schema/pgtap/b.sql'],
    layout: 'plain: schema from schema (1 file), tests from *.test.sql, schema/pgtap (2 files)',
  },
  'many places are not all named': {
    paths: ['schema.sql', ...Array.from({ length: 9 }, (_, n) => `m${n}/pgtap/a.sql`)],
    schema: ['schema.sql'],
    tests: Array.from({ length: 9 }, (_, n) => `m${n}/pgtap/a.sql`),
    layout:
      'plain: schema from schema.sql (1 file), tests from ' +
      `${[0, 1, 2, 3, 4, 5].map((n) => `m${n}/pgtap`).join(', ')} and 3 more (9 files)`,
  },
  'Rails: a dump': {
    paths: ['db/migrate/1.rb', 'db/structure.sql', 'spec/db/a.sql'],
    schema: ['db/structure.sql'],
    tests: ['spec/db/a.sql'],
    layout: 'plain: schema from db/structure.sql (1 file), tests from spec (1 file)',
  },
  'a copy of pgTAP is no test': {
    paths: ['schema.sql', 'lib/pgtap/pgtap.control', 'lib/pgtap/test/sql/a.sql', 'lib/pgtap/x_test.sql'],
    schema: ['schema.sql'],
    layout: 'plain: schema from schema.sql (1 file), no tests',
  },
  'node_modules and hidden folders are ignored': {
    paths: ['node_modules/x/supabase/migrations/1_a.sql', '.git/migrations/1.sql', 'a/.b/t/x.sql'],
    schema: [],
    layout: 'plain: no schema, no tests',
  },
};

describe('discover', () => {
  it.each(Object.entries(LAYOUTS))('%s', async (_, { paths = [], texts = {}, ...expected }) => {
    const found = await find(paths, texts);
    expect(found).toEqual({ tests: [], notes: [], ...expected });
    expect(found.schema.filter((path) => found.tests.includes(path))).toEqual([]);
    const backwards = [...paths, ...Object.keys(texts)].reverse();
    expect(await discover(new Set(backwards), read(texts))).toEqual(found);
    for (const path of backwards) if (!path.includes('node_modules')) relevant(path);
  });

  /** What tells a layout must reach discovery: command line and page pass on nothing else. */
  function relevant(path: string) {
    if (!/\.(md|txt|rb|go)$/.test(path)) expect(path).toMatch(RELEVANT);
  }

  const plan = (text: string): Texts => ({ 'sqitch.plan': text });
  const conf = (text: string): Texts => ({ 'sqitch.conf': text, 'sqitch.plan': '' });
  it.each<[string, Texts, string, number | undefined, RegExp]>([
    [
      'no plan',
      { 'sqitch.conf': '' },
      'sqitch.conf',
      undefined,
      /its plan sqitch\.plan is not in the project/,
    ],
    ['a folder out of the project', conf('[core]\ntop_dir = ../..'), 'sqitch.conf', 2, /leads out/],
    ['an absolute folder', conf('[core]\n\ndeploy_dir = /etc'), 'sqitch.conf', 3, /\/etc leads out/],
    ['an absolute plan', conf('[core]\nplan_file = C:\\\\x'), 'sqitch.conf', 2, /leads out/],
    ['no section', conf('engine = pg'), 'sqitch.conf', 1, /no line of a configuration/],
    ['nonsense', conf('[core]\n<<<<<<< HEAD'), 'sqitch.conf', 2, /no line of a configuration/],
    [
      'a change without a script',
      plan('%project=x\n\na\n'),
      'sqitch.plan',
      3,
      /deploy\/a\.sql, its deploy script/,
    ],
    ['a script out of the project', plan('../../etc/passwd\n'), 'sqitch.plan', 1, /not in the project/],
    ['a reworked change without its script', plan('x\n@v1\nx\n'), 'sqitch.plan', 1, /deploy\/x@v1\.sql/],
    ['a change twice without a tag', plan('x\nx\n'), 'sqitch.plan', 2, /in line 1 already/],
    ['no change', plan('x\n[y] z\n'), 'sqitch.plan', 2, /no line of a sqitch plan/],
    ['a huge configuration', conf('#'.repeat(5_000_000)), 'sqitch.conf', undefined, /larger than/],
  ])(
    'names file and line of a configuration that cannot be followed: %s',
    async (_, texts, file, line, message) => {
      const failed = await find(['deploy/x.sql'], texts).catch((error: unknown) => error);
      expect(failed).toBeInstanceOf(CoverageError);
      expect(failed).toMatchObject({ code: 'CONFIG', file, message: expect.stringMatching(message) });
      expect((failed as CoverageError).line).toBe(line);
    },
  );

  it('says INPUT for a configuration that cannot be read, and passes over migrations that cannot', async () => {
    const refused = () => Promise.reject(new Error('permission denied'));
    await expect(discover(['flyway.toml'], refused)).rejects.toMatchObject({
      code: 'INPUT',
      file: 'flyway.toml',
      message: 'cannot be read: permission denied',
    });
    expect((await discover(['migrations/1.sql'], refused)).schema).toEqual(['migrations/1.sql']);
  });

  it('reads nothing but what was listed, and not much of it', async () => {
    const paths = ['sqitch.conf', 'sqitch.plan', 'deploy/x.sql', 'flyway.conf'];
    const asked: string[] = [];
    const texts: Texts = {
      'sqitch.conf': '[core]\nplan_file = ./a/../sqitch.plan\n[include]\npath = /etc/passwd\n',
      'sqitch.plan': 'x',
    };
    const found = await discover(paths, (path, bytes) => {
      asked.push(path);
      return read(texts)(path, bytes);
    });
    expect([found.schema, asked]).toEqual([['deploy/x.sql'], ['sqitch.conf', 'sqitch.plan']]);
    const many = Array.from({ length: 5000 }, (_, n) => `migrations/${n}.sql`);
    let bytes = 0;
    await discover(many, async (_, limit) => new Uint8Array(((bytes += limit), 0)));
    expect(bytes).toBeLessThan(10_000_000);
  });

  it('takes time in proportion to the size of hostile configurations', async () => {
    const count = 100_000;
    const lines = (line: (n: number) => string) =>
      Array.from({ length: count }, (_, n) => line(n)).join('\n');
    await find(['deploy/x.sql'], plan(`${lines((n) => `c${n}`)}\n${lines((n) => `-c${n}`)}\nx\n`));
    await find(['sql/V1__x.sql'], { 'flyway.conf': `flyway.locations=${lines(() => 'filesystem:/,\\')}` });
    await find(['sql/V1__x.sql'], { 'flyway.toml': `[flyway]\nlocations=[${lines(() => '"')}` });
    await expect(find([], conf(`[core "${'\\'.repeat(count)}`))).rejects.toThrow(CoverageError);
    await find([`${'a/'.repeat(2000)}migrations/x/migration.sql`, `${'supabase/tests/'.repeat(20_000)}x`]);
  });
});

describe('orders', () => {
  it('compares runs of digits as numbers, of any length', () => {
    const sorted = ['a1', 'a01', 'a2', 'a10', `a${'9'.repeat(40)}`, 'b'];
    expect(sorted.toReversed().sort(naturalOrder)).toEqual(['a01', 'a1', ...sorted.slice(2)]);
  });

  it('compares code points, as the bytes of UTF-8 do', () => {
    const names = ['\u{1f600}', '\uff5e', 'a', 'B', ''];
    const expected = names.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    expect(names.toSorted(byteOrder)).toEqual(expected);
  });
});
