/** Patterns for the database's filter, which matches `schema.name` or `schema.name.sub`, by bytes. */
import type { ObjectKey } from '../../js/types.js';

/** A pattern for just this text. */
export function literally(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|#&~-]/g, '\\$&');
}

/** A pattern for an object and what hangs on it, and few others. */
export function within({ schema, name }: Pick<ObjectKey, 'schema' | 'name'>): string {
  return `^${literally([schema, name].filter((part) => part !== '').join('.'))}(\\.|$)`;
}
