// Scripts as psql reads them: what it sends, prints and passes over.

import { describe, expect, it } from 'vitest';
import { booleanOf, readScript, Unrunnable } from '../../js/psql.js';

/** What a script sends and prints, in order: `3: select 1`, `echo text`. */
function read(text: string, files: Record<string, string> = {}, variables = new Map<string, string>()) {
  const parts: string[] = [];
  const find = (path: string) => (path in files ? { path, text: files[path]! } : undefined);
  for (const part of readScript('a.sql', text, variables, find)) {
    if ('echo' in part) parts.push(`${part.to === 'stdout' ? 'echo' : 'warn'} ${part.echo}`);
    else if ('quit' in part) parts.push(`quit ${part.file}:${part.line}${part.includes ? ' …' : ''}`);
    else
      parts.push(
        `${part.file === 'a.sql' ? '' : part.file}${part.line}-${part.endLine}: ${part.sql}` +
          (part.gset === undefined ? '' : ` → ${part.gset}*`),
      );
  }
  return parts;
}

describe('a script', () => {
  it.each<[string, string, string[]]>([
    ['is cut at semicolons', 'select 1;\nselect\n2;', ['1-1: select 1', '2-3: select\n2']],
    ['sends what is left at its end', 'select 1', ['1-1: select 1']],
    [
      'is not cut in parentheses',
      'create rule r as on insert to t do (select 1; select 2);',
      ['1-1: create rule r as on insert to t do (select 1; select 2)'],
    ],
    [
      'is not cut in strings',
      "select ';', $$;$$, $a$;$$;$a$, \";\", e'\\';';",
      ["1-1: select ';', $$;$$, $a$;$$;$a$, \";\", e'\\';'"],
    ],
    ['is not cut in comments', 'select 1 -- ;\n/* ; /* ; */ ; */;', ['1-2: select 1 -- ;\n ']],
    [
      'is not cut in bodies of standard SQL',
      'create function f() returns int begin atomic select case when true then 1 end; end; select 2;',
      [
        '1-1: create function f() returns int begin atomic select case when true then 1 end; end',
        '1-1: select 2',
      ],
    ],
    ['sends what \\; joins at once', 'select 1\\; select 2;', ['1-1: select 1; select 2']],
    [
      'sends at \\g and \\gset',
      'select 1 \\g\nselect 2 as b \\gset a_\nselect :a_b;',
      ['1-1: select 1 ', '2-2: select 2 as b  → a_*', '3-3: select :a_b'],
    ],
    [
      'has variables',
      "\\set x 'it''s' \\\\ \\set y 'a\"b'\nselect :'x', :\"y\", :{?x}, :{?z}, :z, a[1:2], 1::int;",
      ['2-2: select \'it\'\'s\', "a""b", TRUE, FALSE, :z, a[1:2], 1::int'],
    ],
    ['glues the words of \\set', "\\set a 1\n\\set b :a 2 'x y'\n\\echo :b", ['echo 12x y']],
    ['forgets what is \\unset', '\\set a 1\n\\unset a\nselect :a;', ['3-3: select :a']],
    ['does not read strings for variables', "\\set a 1\nselect ':a', $$:a$$;", ["2-2: select ':a', $$:a$$"]],
    [
      'prints',
      "\\echo 'ok 1' - x\n\\qecho y\n\\warn z\n\\echo -n w",
      ['echo ok 1 - x', 'echo y', 'warn z', 'echo w'],
    ],
    [
      'chooses branches',
      '\\if false\nselect 1;\n\\elif on\nselect 2;\n\\elif true\nselect 3;\n\\else\nselect 4;\n\\endif',
      ['4-4: select 2'],
    ],
    ['chooses in statements', 'select\n\\if 0\n1 + ;\n\\else\n2\n\\endif\n;', ['1-7: select\n\n2\n\n']],
    [
      'passes over commands of branches that do not run',
      '\\if no\n\\if nonsense\n\\! rm\n\\endif\n\\connect x\n\\endif\nselect 1;',
      ['7-7: select 1'],
    ],
    [
      'ignores what only changes how results look',
      '\\pset format unaligned\n\\t\n\\a\n\\x\n\\timing off\nselect 1;',
      ['6-6: select 1'],
    ],
    ['ends at \\q', 'select 1;\n\\q\nselect 2;\n\\ir b.sql', ['1-1: select 1', 'quit a.sql:2 …']],
    ['takes CRLF', '\\set a 1\r\n\\echo :a\r\nselect 1;\r\n', ['echo 1', '3-3: select 1']],
  ])('%s', (_, text, parts) => {
    expect(read(text)).toEqual(parts);
  });

  it('includes files, which have its variables and end for themselves', () => {
    const files = { 'b.sql': '\\set x 2\nselect :x;\n\\q\nselect 3;' };
    expect(read('\\set x 1\n\\ir b.sql\n\\i b.sql\nselect :x;', files)).toEqual([
      'b.sql2-2: select 2',
      'quit b.sql:3',
      'b.sql2-2: select 2',
      'quit b.sql:3',
      '4-4: select 2',
    ]);
  });

  it.each<[string, number, RegExp]>([
    ['select 1;\n\\! ls', 2, /\\! cannot be honoured/],
    ['\n\n\\connect other', 3, /\\connect cannot be honoured/],
    ["\\copy t from 'x.csv'", 1, /\\copy cannot be honoured/],
    ['copy t from stdin;\n1\n\\.', 1, /write INSERT/],
    ['select 1 \\gexec', 1, /\\gexec cannot be honoured/],
    ['select 1 \\g out.txt', 1, /target/],
    ['\\g', 1, /without a statement/],
    ['\\prompt x', 1, /\\prompt cannot be honoured/],
    ['\\set x `date`', 1, /arguments/],
    ['\n\\i nowhere.sql', 2, /nowhere\.sql: there is no such file/],
    ['\\if maybe\n\\endif', 1, /boolean/],
    ['\\if 1\nselect 1;', 2, /without \\endif/],
    ['\\endif', 1, /without \\if/],
    ['\\if 1\n\\else\n\\else\n\\endif', 3, /without \\if/],
    ["\\set x 'a;b'\nselect :x;", 2, /more than a part/],
    ["select 1;\nselect 'x", 2, /unterminated quote/],
    ['select $a$ x', 1, /unterminated dollar/],
    ['/* x', 1, /unterminated comment/],
  ])('%j cannot be run', (text, line, says) => {
    let error: unknown;
    try {
      read(text);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(Unrunnable);
    expect(error).toMatchObject({ file: 'a.sql', line, message: expect.stringMatching(says) });
  });

  it('that includes itself cannot be run', () => {
    expect(() => read('\\i a.sql', { 'a.sql': '\\i a.sql' })).toThrow(/include each other/);
  });

  it('takes words for booleans as psql does', () => {
    const words = ['1', 'ON', 't', 'yes', '0', 'off', 'of', 'F', 'n', '', 'o', 'maybe', '2'];
    const [yes, no, none] = [true, false, undefined];
    expect(words.map(booleanOf)).toEqual([yes, yes, yes, yes, no, no, no, no, no, none, none, none, none]);
  });

  it('has switches that are on where they are set to nothing', () => {
    const variables = new Map<string, string>();
    read('\\set ON_ERROR_STOP\n\\set other', {}, variables);
    expect(Object.fromEntries(variables)).toEqual({ ON_ERROR_STOP: 'on', other: '' });
  });
});
