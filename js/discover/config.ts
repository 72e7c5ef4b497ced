/** The few keys of configuration files that say where a schema lies. */
import { CoverageError } from '../error.js';

/** A value and the line that it stands in. */
export interface Setting {
  value: string;
  line: number;
}

/**
 * A file in the syntax of git's configuration, which is sqitch's: values by `section.key` or `section.subsection.key`, the
 * last one where there are several. Section and key are in lower case. Throws `CONFIG` with file and line.
 */
export function readGitConfig(text: string, file: string): Map<string, Setting> {
  const settings = new Map<string, Setting>();
  let section: string | undefined;
  for (const { text: content, line } of logicalLines(text)) {
    if (content === '' || /^[#;]/.test(content)) continue;
    const header = /^\[\s*([A-Za-z0-9.-]+)\s*(?:"((?:[^"\\]|\\.)*)"\s*)?\]\s*(?:[#;].*)?$/.exec(content);
    if (header) {
      const subsection = header[2] === undefined ? '' : `.${header[2].replace(/\\(.)/g, '$1')}`;
      section = header[1]!.toLowerCase() + subsection;
      continue;
    }
    const pair = /^([A-Za-z][A-Za-z0-9_-]*)\s*(?:=(.*)|[#;].*)?$/.exec(content);
    if (!pair || section === undefined) {
      throw new CoverageError('CONFIG', 'is no line of a configuration: [section] or key = value', {
        file,
        line,
      });
    }
    settings.set(`${section}.${pair[1]!.toLowerCase()}`, { value: unquoted(pair[2] ?? 'true'), line });
  }
  return settings;
}

/** The entries of `flyway.locations` in a file of Java's properties. */
export function readFlywayConf(text: string): Setting[] {
  let locations: Setting[] = [];
  for (const { text: content, line } of logicalLines(text)) {
    const value = /^flyway\.locations\s*[=:](.*)$/.exec(content)?.[1];
    if (value === undefined) continue;
    locations = value.split(',').map((location) => ({ value: location.trim(), line }));
  }
  return locations.filter(({ value }) => value !== '');
}

/** The entries of `locations` in the table `[flyway]` of a TOML file; an array over several lines too. */
export function readFlywayToml(text: string): Setting[] {
  const locations: Setting[] = [];
  let table = '';
  let inside = false;
  for (const { text: content, line } of logicalLines(text, '')) {
    let rest = content;
    if (!inside) {
      table = /^\[\s*([^[\]]+?)\s*\]/.exec(content)?.[1] ?? table;
      const key = /^([A-Za-z.]+)\s*=\s*\[/.exec(content);
      if (key?.[1] !== (table === 'flyway' ? 'locations' : 'flyway.locations')) continue;
      rest = content.slice(key[0].length);
      inside = true;
    }
    for (const [token, basic, literal] of rest.matchAll(/"([^"]*)"|'([^']*)'|#.*|\]/g)) {
      inside = token !== ']';
      if (!inside) break;
      if (!token.startsWith('#'))
        locations.push({ value: (basic ?? literal)!.replaceAll('\\\\', '\\'), line });
    }
  }
  return locations;
}

/** Trimmed lines with their numbers; one that ends in the continuation goes on in the next. */
function* logicalLines(text: string, continuation = '\\'): Generator<{ text: string; line: number }> {
  let parts: string[] = [];
  let first = 1;
  let line = 0;
  for (const raw of text.replace(/^\ufeff/, '').split('\n')) {
    line += 1;
    if (parts.length === 0) first = line;
    const content = raw.trim();
    const goesOn = continuation !== '' && content.endsWith(continuation) && !/^[#;!]/.test(content);
    parts.push(goesOn ? content.slice(0, -1) : content);
    if (goesOn) continue;
    yield { text: parts.join(''), line: first };
    parts = [];
  }
  if (parts.length > 0) yield { text: parts.join(''), line: first };
}

/** A value of git's configuration: without quotes, escapes and the comment behind it. */
function unquoted(written: string): string {
  let value = '';
  let quoted = false;
  let end = 0;
  for (let at = 0; at < written.length; at++) {
    const char = written[at]!;
    if (char === '"') quoted = !quoted;
    else if (!quoted && (char === '#' || char === ';')) break;
    else if (char === '\\') value += written[++at] ?? '';
    else if (quoted || value !== '' || !/\s/.test(char)) value += char;
    // blanks at the end count only in quotes
    if (quoted || !/\s/.test(char)) end = value.length;
  }
  return value.slice(0, end);
}
