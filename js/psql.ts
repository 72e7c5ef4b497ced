/**
 * Scripts for psql, cut into statements as psql cuts them, with the commands that pgTAP files use. What cannot be honoured
 * is said with its line.
 */

/** A statement to be sent, with where it stands. */
export interface ScriptStatement {
  sql: string;
  file: string;
  /** Of its first and its last character, from 1. */
  line: number;
  endLine: number;
  /** `\gset`: its one row goes to variables whose names begin so. */
  gset?: string;
}

/** A line of text that the script prints. */
export interface ScriptEcho {
  echo: string;
  to: 'stdout' | 'stderr';
}

/** `\q`: what follows in the file does not run. */
export interface ScriptQuit {
  quit: true;
  file: string;
  line: number;
  /** What follows may include other files. */
  includes: boolean;
}

/** A place where a script asks for what cannot be done here. */
export class Unrunnable extends Error {
  readonly file: string;
  readonly line: number;

  constructor(message: string, file: string, line: number) {
    super(message);
    this.name = 'Unrunnable';
    this.file = file;
    this.line = line;
  }
}

/** Finds an included file: its path and text; undefined where there is none. */
export type FindScript = (
  path: string,
  relative: boolean,
  from: string,
) => { path: string; text: string } | undefined;

const LINE_COMMENT = /--[^\n]*/y;
const ESCAPE_STRING = /[eE]'(?:[^'\\]|\\[^]|'')*'/y;
const QUOTED = /'(?:[^']|'')*'|"(?:[^"]|"")*"/y;
const DOLLAR_TAG = /\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/y;
const WORD = /[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/y;
const CAST_OR_ASSIGNMENT = /::|:=/y;
const VARIABLE =
  /:(?:\{\?([\w\u0080-\uffff]+)\}|'([\w\u0080-\uffff]+)'|"([\w\u0080-\uffff]+)"|([\w\u0080-\uffff]+))/y;
const COMMAND = /\\(?:;|[^\n]*)/y;
const SPACE = /\s+/y;

/** Commands that only change how results look, or how psql behaves with a person. */
const IGNORED = new Set([
  ...['\\pset', '\\t', '\\a', '\\x', '\\timing', '\\f', '\\H', '\\C', '\\T', '\\encoding'],
  ...['\\errverbose', '\\conninfo'],
]);

const INCLUDES = /\\i/;

/** Files that include each other. */
const MOST_NESTED = 64;

/**
 * Reads a script. Lazy: what `\set` and `\gset` do has effect from where they stand, on `variables` too.
 *
 * @throws {Unrunnable} at what cannot be honoured
 */
export function* readScript(
  file: string,
  text: string,
  variables: Map<string, string>,
  find: FindScript,
  depth = 0,
): Generator<ScriptStatement | ScriptEcho | ScriptQuit> {
  let at = 0;
  let sql = '';
  let start: number | undefined;
  let parens = 0;
  let atomic = 0;
  /** `\if`: whether this branch runs, whether one did, and whether it is the last. */
  const branches: { runs: boolean; done: boolean; isElse: boolean }[] = [];
  const lines = lineCounter(text);

  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    return pattern.exec(text);
  };
  const fail = (message: string, offset = at): never => {
    throw new Unrunnable(message, file, lines(offset));
  };
  const runs = () => branches.every((branch) => branch.runs);
  // a branch that does not run adds nothing to a statement around it
  const take = (piece: string, replacement = piece): void => {
    if (runs()) {
      start ??= at;
      sql += replacement;
    }
    at += piece.length;
  };
  const statement = (): ScriptStatement[] => {
    const found = start === undefined ? [] : [{ sql, file, line: lines(start), endLine: lines(at) }];
    sql = '';
    start = undefined;
    parens = 0;
    atomic = 0;
    return found;
  };

  while (at < text.length) {
    let found: RegExpExecArray | null;
    if ((found = match(SPACE) ?? match(LINE_COMMENT))) {
      if (start !== undefined && runs()) sql += found[0];
      at += found[0].length;
    } else if (text.startsWith('/*', at)) {
      at = endOfBlockComment(text, at) ?? fail('unterminated comment');
      if (start !== undefined && runs()) sql += ' ';
    } else if ((found = match(ESCAPE_STRING) ?? match(QUOTED))) {
      take(found[0]);
    } else if ((found = match(WORD))) {
      const word = found[0].toLowerCase();
      // the body of a routine in standard SQL holds semicolons
      if (!runs()) {
        take(found[0]);
        continue;
      }
      if (word === 'atomic' && /\bbegin\s+$/i.test(sql) && /^\s*create\b/i.test(sql)) atomic = 1;
      else if (atomic > 0 && (word === 'case' || word === 'begin')) atomic += 1;
      else if (atomic > 0 && word === 'end') atomic -= 1;
      take(found[0]);
    } else if ((found = match(CAST_OR_ASSIGNMENT))) {
      take(found[0]);
    } else if (text[at] === "'" || text[at] === '"') {
      fail('unterminated quote');
    } else if ((found = match(DOLLAR_TAG))) {
      const close = text.indexOf(found[0], at + found[0].length);
      if (close < 0) fail('unterminated dollar quote');
      take(text.slice(at, close + found[0].length));
    } else if ((found = match(VARIABLE))) {
      take(found[0], runs() ? substitute(found, variables, fail) : '');
    } else if ((found = match(COMMAND))) {
      if (found[0] === '\\;') {
        take('\\;', ';');
        continue;
      }
      const place = at;
      // what follows on the line goes on there
      const command = firstCommand(found[0]);
      at += command.length;
      const name = /^\\\S*/.exec(command)![0];
      const branch = branches.at(-1);
      if (name === '\\if') {
        const isTrue = runs() && truth(command, variables, (message) => fail(message, place));
        branches.push({ runs: isTrue, done: isTrue, isElse: false });
      } else if (name === '\\elif' || name === '\\else') {
        if (!branch || branch.isElse) return fail(`${name} without \\if`, place);
        const outer = branches.slice(0, -1).every((of) => of.runs);
        const isTrue =
          outer &&
          !branch.done &&
          (name === '\\else' || truth(command, variables, (message) => fail(message, place)));
        branch.runs = isTrue;
        branch.done ||= isTrue;
        branch.isElse = name === '\\else';
      } else if (name === '\\endif') {
        if (!branches.pop()) fail('\\endif without \\if', place);
      } else if (runs()) {
        const words = commandWords(command, variables, (message) => fail(message, place));
        switch (name) {
          case '\\set':
            if (words.length > 1) variables.set(words[1]!, valueOf(words[1]!, words.slice(2).join('')));
            break;
          case '\\unset':
            variables.delete(words[1] ?? '');
            break;
          case '\\echo':
          case '\\qecho':
          case '\\warn':
            yield {
              echo: words.slice(words[1] === '-n' ? 2 : 1).join(' '),
              to: name === '\\warn' ? 'stderr' : 'stdout',
            };
            break;
          case '\\g':
          case '\\gset': {
            if (name === '\\g' && words.length > 1) fail('\\g with a target cannot be honoured', place);
            const [last] = copied(statement(), fail);
            if (!last) return fail(`${name} without a statement`, place);
            yield name === '\\gset' ? { ...last, gset: words[1] ?? '' } : last;
            break;
          }
          case '\\i':
          case '\\ir':
          case '\\include':
          case '\\include_relative': {
            if (start !== undefined) fail(`${name} inside of a statement`, place);
            if (depth === MOST_NESTED) fail('files include each other', place);
            const wanted = words[1] ?? '';
            const included = find(wanted, name === '\\ir' || name === '\\include_relative', file);
            if (!included) return fail(`${wanted}: there is no such file in the project`, place);
            yield* readScript(included.path, included.text, variables, find, depth + 1);
            break;
          }
          case '\\q':
          case '\\quit':
            yield { quit: true, file, line: lines(place), includes: INCLUDES.test(text.slice(at)) };
            return;
          default:
            if (!IGNORED.has(name))
              fail(
                `${name} cannot be honoured here: run the file with psql, and give its TAP with --tap`,
                place,
              );
        }
      }
    } else if (!runs()) {
      at += 1;
    } else if (text[at] === ';' && parens === 0 && atomic === 0) {
      yield* copied(statement(), fail);
      at += 1;
    } else {
      if (text[at] === '(') parens += 1;
      if (text[at] === ')') parens -= 1;
      take(text[at]!);
    }
  }
  if (branches.length > 0) fail('\\if without \\endif');
  // psql sends what is left at the end of a file, too
  if (start !== undefined && sql.trim() !== '') yield* copied(statement(), fail);
}

/** COPY … FROM STDIN wants the lines that follow. */
function copied(statements: ScriptStatement[], fail: (message: string) => never): ScriptStatement[] {
  for (const { sql } of statements)
    if (/^copy\b[^]*\bfrom\s+stdin\b/i.test(sql))
      fail('COPY … FROM STDIN cannot be honoured here: write INSERT, or run pg_prove and give --tap');
  return statements;
}

/** Lines of growing offsets, each counted once. */
function lineCounter(text: string): (offset: number) => number {
  let [counted, line] = [0, 1];
  return (offset) => {
    if (offset < counted) [counted, line] = [0, 1];
    for (; counted < offset; counted++) if (text.charCodeAt(counted) === 10) line += 1;
    return line;
  };
}

function endOfBlockComment(text: string, from: number): number | undefined {
  const edge = /\/\*|\*\//g;
  edge.lastIndex = from;
  let depth = 0;
  for (let found = edge.exec(text); found; found = edge.exec(text)) {
    depth += found[0] === '/*' ? 1 : -1;
    if (depth === 0) return edge.lastIndex;
  }
  return undefined;
}

/** A switch of psql that is set to nothing is on. */
const valueOf = (variable: string, value: string): string =>
  value === '' && variable.startsWith('ON_ERROR_') ? 'on' : value;

/** The command up to the next one on its line, which `\\` may part, outside of quotes. */
function firstCommand(line: string): string {
  const name = /^\\\S+?(?=\\|\s|$)/.exec(line)?.[0] ?? line;
  let quote: string | undefined;
  for (let at = name.length; at < line.length; at++) {
    const letter = line[at]!;
    if (quote !== undefined) {
      if (letter === '\\' && quote === "'") at += 1;
      else if (letter === quote) quote = undefined;
    } else if (letter === "'" || letter === '"' || letter === '`') quote = letter;
    else if (letter === '\\') {
      const end = line[at + 1] === '\\' ? at + 2 : at;
      return line.slice(0, end).replace(/\\\\$/, '  ');
    }
  }
  return line;
}

function substitute(
  [spelling, known, literal, identifier, bare]: RegExpExecArray,
  variables: Map<string, string>,
  fail: (message: string) => never,
): string {
  if (known !== undefined) return variables.has(known) ? 'TRUE' : 'FALSE';
  const value = variables.get((literal ?? identifier ?? bare)!);
  // psql leaves it alone as well: array[1:2]
  if (value === undefined) return spelling;
  if (literal !== undefined) {
    const quoted = `'${value.replaceAll("'", "''")}'`;
    return value.includes('\\') ? ` E${quoted.replaceAll('\\', '\\\\')}` : quoted;
  }
  if (identifier !== undefined) return `"${value.replaceAll('"', '""')}"`;
  // psql reads the value as SQL: one that ends a statement or opens a comment would change what follows
  const isWhole = /^(?:'(?:[^']|'')*'|"(?:[^"]|"")*"|[^'";\\$]|\$(?!\w*\$))*$/.test(value);
  if (!isWhole || value.includes('--') || value.includes('/*'))
    fail(`the value of ${spelling} is more than a part of a statement`);
  return value;
}

/** The command and its arguments: words, quoted words and variables; glued pieces make one word. */
function commandWords(
  command: string,
  variables: Map<string, string>,
  fail: (message: string) => never,
): string[] {
  const piece =
    /'((?:[^'\\]|''|\\[^])*)'|"((?:[^"]|"")*)"|:\{\?([\w\u0080-\uffff]+)\}|:'([\w\u0080-\uffff]+)'|:"([\w\u0080-\uffff]+)"|:([\w\u0080-\uffff]+)|([^\s'":`\\]+|:)|(\s+)/y;
  const name = /^\\\S*/.exec(command)![0];
  const words: string[] = [];
  let glued = false;
  piece.lastIndex = name.length;
  while (piece.lastIndex < command.length) {
    const found = piece.exec(command) ?? fail(`arguments that cannot be honoured here: ${command.trimEnd()}`);
    const [spelling, quoted, double, known, literal, identifier, variable, plain, space] = found;
    if (space !== undefined) {
      glued = false;
      continue;
    }
    const value =
      quoted?.replaceAll("''", "'").replace(/\\([^])/g, (_, letter: string) => ESCAPES[letter] ?? letter) ??
      (double === undefined ? undefined : `"${double}"`) ??
      (known === undefined ? undefined : String(variables.has(known)).toUpperCase()) ??
      (literal === undefined ? undefined : `'${(variables.get(literal) ?? '').replaceAll("'", "''")}'`) ??
      (identifier === undefined
        ? undefined
        : `"${(variables.get(identifier) ?? '').replaceAll('"', '""')}"`) ??
      plain ??
      variables.get(variable!) ??
      spelling;
    if (glued) words.push(words.pop() + value);
    else words.push(value);
    glued = true;
  }
  return [name, ...words];
}

const ESCAPES: Record<string, string> = { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f' };

/** What psql takes a word for where it wants a boolean; undefined where it is none. */
export function booleanOf(word: string): boolean | undefined {
  const value = word.toLowerCase();
  if (value === '') return undefined;
  if (value === '1' || value === 'on' || 'true'.startsWith(value) || 'yes'.startsWith(value)) return true;
  const isOff = value === '0' || value === 'of' || value === 'off';
  return isOff || 'false'.startsWith(value) || 'no'.startsWith(value) ? false : undefined;
}

/** What `\if` makes of its argument. */
function truth(command: string, variables: Map<string, string>, fail: (message: string) => never): boolean {
  const value = commandWords(command, variables, fail).slice(1).join(' ');
  return booleanOf(value) ?? fail(`\\if takes a boolean, not ${JSON.stringify(value)}`);
}
