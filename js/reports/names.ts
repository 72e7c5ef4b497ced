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
