// TAP: what a line says, what is wrong with a file, and which assertions TAP from elsewhere leaves standing.

import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { resultsText } from '../../js/results.js';
import { emptyTap, takeTapLine, tapProblems } from '../../js/tap.js';
import { readTapFiles } from '../../js/tap-files.js';
import { cli } from './support/cli.js';
import { makeProject } from './support/sample.js';

function tapOf(...lines: string[]) {
  const tap = emptyTap();
  for (const line of lines) takeTapLine(tap, line);
  return tap;
}

describe('a line of TAP', () => {
  it.each<[string, object | undefined]>([
    ['ok 1 - a table', { ok: true, number: 1, description: 'a table' }],
    ['not ok 2 - a table', { ok: false, number: 2, description: 'a table' }],
    ['ok 3', { ok: true, number: 3, description: '' }],
    ['ok', { ok: true, number: 1, description: '' }],
    ['not ok 4 - later # TODO why', { ok: false, number: 4, description: 'later', directive: 'todo' }],
    ['ok 5 # SKIP why', { ok: true, number: 5, description: '', directive: 'skip' }],
    ['ok 6 - number \\# skip 1', { ok: true, number: 6, description: 'number # skip 1' }],
    ['    ok 7 - of a subtest', undefined],
    ['okay', undefined],
    ['# not ok 8', undefined],
  ])('%s', (line, test) => {
    expect(takeTapLine(emptyTap(), line)).toEqual(test);
  });
});

describe('a file', () => {
  it.each<[string, string[], string[]]>([
    ['passed', ['1..1', 'ok 1 - a'], []],
    ['planned at its end', ['ok 1', '1..1'], []],
    ['was skipped', ['1..0 # SKIP no time'], []],
    ['has a failing TODO', ['1..1', 'not ok 1 # TODO later'], []],
    ['failed', ['1..2', 'ok 1', 'not ok 2 - b'], ['failed test 2: b']],
    ['has a failing skip', ['1..1', 'not ok 1 - b # skip'], ['failed test 1: b']],
    ['ran too little', ['1..2', 'ok 1'], ['planned 2 tests, ran 1']],
    ['has no plan', ['ok 1'], ['printed no plan']],
    ['is empty', [], ['printed no test']],
    ['gave up', ['1..1', 'ok 1', 'Bail out!  no server'], ['bailed out: no server']],
  ])('%s', (_, lines, problems) => {
    expect(tapProblems(tapOf(...lines))).toEqual(problems);
  });
});

const PLAIN = `begin;
select plan(3);
select has_table('app', 'a', 'a is there');
select has_table('app', 'b',
  'b is there');
select is(1, 1, 'one'); -- ;
select * from finish();
rollback;
`;
const LOOP =
  "begin; select has_table('app', t, 'there') from unnest(array['a', 'b']) as t;\nselect ok(true, 'x');";

/** What is left out, in the spelling of the results, and the notes; the TAP file is `prove.txt`. */
async function taken(files: Record<string, string>, tap: string, name = 'prove.txt') {
  const directory = await makeProject(files);
  const file = join(await mkdtemp(join(tmpdir(), 'pgtap-cov-tap-')), name);
  await writeFile(file, tap);
  const { results, notes } = await readTapFiles(directory, Object.keys(files), [file]);
  const lines = resultsText(results).split('\n').slice(0, -1);
  return { lines, notes, status: results.map(({ status }) => status) };
}

describe('TAP from elsewhere', () => {
  const all = (path: string) => `not_passed '${path}' '' 1 4294967295;`;

  it.each<[string, Record<string, string>, string, string[]]>([
    [
      'leaves out nothing of what passed',
      { 't/a.sql': PLAIN },
      't/a.sql .. \n1..3\nok 1\nok 2\nok 3\nok\nResult: PASS',
      [],
    ],
    [
      'leaves out what failed, was skipped or is to be done, by its lines',
      { 't/a.sql': PLAIN },
      't/a.sql .. \n1..3\nnot ok 1 - a is there\n# Failed test 1: "a is there"\nok 2 # SKIP x\nnot ok 3 - one # TODO y\nFailed 1/3 subtests \n',
      ['3 3', '4 5', '6 6'].map((lines) => `not_passed 't/a.sql' 't/a.sql' ${lines};`),
    ],
    [
      'takes what run prints',
      { 't/a.sql': PLAIN },
      '# t/a.sql\n1..3\nok 1\nnot ok 2\nok 3\n',
      ["not_passed 't/a.sql' 't/a.sql' 4 5;"],
    ],
    [
      'leaves out a file whose tests are others',
      { 't/a.sql': PLAIN },
      't/a.sql .. \n1..2\nok 1\nnot ok 2\n',
      [all('t/a.sql')],
    ],
    [
      'leaves out a file that ended too soon',
      { 't/a.sql': PLAIN },
      't/a.sql .. \n1..3\nok 1\nok 2\nDubious, test returned 3 (wstat 768, 0x300)\n',
      [all('t/a.sql')],
    ],
    [
      'leaves out a file whose descriptions are in another order',
      { 't/a.sql': PLAIN },
      't/a.sql .. \n1..3\nnot ok 1 - b is there\nok 2 - a is there\nok 3 - one\n',
      [all('t/a.sql')],
    ],
    [
      'leaves out a file with doubled numbers',
      { 't/a.sql': PLAIN },
      't/a.sql .. \n1..3\nok 1\nok 1\nnot ok 2\n',
      [all('t/a.sql')],
    ],
    ['does not guess in loops', { 't/a.sql': LOOP }, 't/a.sql .. \n1..2\nnot ok 1\nok 2\n', [all('t/a.sql')]],
    [
      'does not guess behind \\if',
      { 't/a.sql': `\\if :x\n\\endif\n${PLAIN}` },
      't/a.sql .. \n1..3\nnot ok 1\nok 2\nok 3\n',
      [all('t/a.sql')],
    ],
    [
      'leaves out what was skipped as a whole',
      { 't/a.sql': PLAIN },
      't/a.sql .. \n1..0 # SKIP x\nskipped: x\n',
      [all('t/a.sql')],
    ],
    [
      'leaves out what never ran',
      { 't/a.sql': PLAIN, 't/b.sql': PLAIN },
      '/src/t/a.sql .. \n1..3\nok 1\nok 2\nok 3\nok\n',
      [all('t/b.sql')],
    ],
    [
      'counts only what passed each time',
      { 't/a.sql': PLAIN },
      't/a.sql .. \n1..3\nok 1\nok 2\nok 3\nok\nt/a.sql .. \n1..3\nok 1\nok 2\nnot ok 3\n',
      ["not_passed 't/a.sql' 't/a.sql' 6 6;"],
    ],
    [
      'is not misled by descriptions',
      { 't/a.sql': PLAIN },
      't/a.sql .. \n1..3\nok 1 - a .. b\nnot ok 2 - t/a.sql .. \nok 3\n',
      ["not_passed 't/a.sql' 't/a.sql' 4 5;"],
    ],
    [
      'knows included files',
      { 't/a.sql': 'begin;\n\\ir b.inc\n', 't/b.inc': '\nselect ok(true);\nselect ok(false);' },
      't/a.sql .. \n1..2\nok 1\nnot ok 2\nt/b.inc .. \n1..2\nok 1\nok 2\n',
      ["not_passed 't/a.sql' 't/b.inc' 3 3;"],
    ],
  ])('%s', async (_, files, tap, lines) => {
    expect((await taken(files, tap)).lines).toEqual(lines);
  });

  it('without headings is of the file that is called so', async () => {
    const files = { 't/a.sql': PLAIN, 't/b.sql': PLAIN };
    for (const name of ['a.sql.tap', 'a.tap', 'a.sql']) {
      const { status } = await taken(files, '1..3\nok 1\nok 2\nok 3\n', name);
      expect(status).toEqual(['passed', 'not-run']);
    }
  });

  it('says what it cannot tell', async () => {
    const { notes } = await taken(
      { 't/a.sql': LOOP, 't/b.sql': PLAIN, 't/c.sql': PLAIN },
      't/a.sql .. \n1..2\nnot ok 1\nok 2\nother.sql .. \nok 1\n',
    );
    expect(notes).toEqual([
      expect.stringMatching(/prove\.txt:5: other\.sql is no test of this project$/),
      't/a.sql: which assertions did not pass cannot be told, so none of it counts',
      't/b.sql and 1 more: never ran, so that nothing counts',
    ]);
  });

  it.each<[string, string, string, RegExp, number?]>([
    ['may be of two files', 'a.sql .. \n1..1\nok 1\n', 'CONFIG', /may be t\/a\.sql or u\/a\.sql/, 1],
    ['has no heading', '1..1\nok 1\n', 'CONFIG', /which test it is of/],
    ['is a verdict', 't/a.sql .. ok\n', 'INPUT', /--verbose/, 1],
    ['is none', 'hello\n', 'INPUT', /holds no TAP/],
  ])('that %s is refused with a remedy', async (_, tap, code, message, line) => {
    const error: unknown = await taken({ 't/a.sql': PLAIN, 'u/a.sql': PLAIN }, tap).catch((thrown) => thrown);
    expect(error).toMatchObject({ code, message: expect.stringMatching(message), ...(line && { line }) });
  });
});

describe('scan --tap', () => {
  it('counts what passed, and says of the rest that it did not', async () => {
    const directory = await makeProject({
      'migrations/1.sql': 'create schema app; create table app.a (); create table app.b ();',
      'tests/a.sql': PLAIN,
      'prove.txt': 'tests/a.sql .. \n1..3\nok 1 - a is there\nnot ok 2 - b is there\nok 3 - one\n',
      '.pgtap-covrc.json': '{"tap": "prove.txt"}',
    });
    const by = async (...args: string[]) => {
      const { status, stdout } = await cli('scan', directory, '--reporter', 'json', ...args);
      expect(status).toBe(0);
      const { objects, diagnostics } = JSON.parse(stdout) as {
        diagnostics: unknown[];
        objects: { name: string; kind: string; state: string; evidence: { flags?: string[] }[] }[];
      };
      expect(diagnostics, 'results are no SQL that could be broken').toEqual([]);
      return objects
        .filter(({ kind }) => kind === 'table')
        .map(({ name, state, evidence }) => [name, state, evidence.flatMap(({ flags }) => flags ?? [])]);
    };
    expect(await by()).toEqual([
      ['a', 'asserted', []],
      ['b', 'gap', ['not-passed']],
    ]);
    expect(await by('--tap', join(directory, 'prove.txt'), '--store', join(directory, 'kept'))).toEqual(
      await by(),
    );
    const { status, stderr } = await cli('scan', directory, '--tap', join(directory, 'none.txt'));
    expect(status).toBe(3);
    expect(stderr).toContain('none.txt: cannot be read');
  });
});
