/** Objects and untrusted text, as people read them. */
import type { ObjectKey } from '../types.js';

/** Kinds in the headline total, in the order of every report. */
export const HEADLINE_KINDS: readonly string[] = [
  'table',
  'partitioned-table',
  'view',
  'materialized-view',
  'function',
  'procedure',
  'trigger',
  'policy',
];

/** Kinds in the order of every report: the headline's, then the rest by name. */
export function kindOrder(a: string, b: string): number {
  const rank = (kind: string) => {
    const at = HEADLINE_KINDS.indexOf(kind);
    return at < 0 ? HEADLINE_KINDS.length : at;
  };
  return rank(a) - rank(b) || (a < b ? -1 : a > b ? 1 : 0);
}

/** `function public.pay(uuid, integer)`, `trigger public.orders.touch`. */
export function nameOf(key: ObjectKey): string {
  const path = [key.schema, key.name, key.sub].filter((part) => part !== '').join('.');
  const routine = ['function', 'procedure', 'aggregate'].includes(key.kind) ? `(${key.args})` : '';
  return visible(`${key.kind} ${path}${routine}`);
}

/**
 * Text that comes from files, safe in a terminal and on one line: control characters, line separators, characters that
 * reorder or hide text, and halves of surrogate pairs are spelled `\x1b` or `\u{202e}`.
 */
export function visible(text: string): string {
  return text.replace(
    /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]|\p{Cs}/gu,
    (character) => {
      const code = character.codePointAt(0)!;
      return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
    },
  );
}

/** Text for the content and the attributes of XML and HTML; what XML cannot hold must be made {@link visible} before. */
export function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** Text as code of Markdown on one line, whatever it holds. */
export function codeSpan(text: string): string {
  const plain = visible(text);
  const longest = Math.max(0, ...Array.from(plain.matchAll(/`+/g), ([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  const pad = longest > 0 ? ' ' : '';
  return fence + pad + plain + pad + fence;
}
