/** How values and names are spelt in SQL. */

/** A string constant. Backslashes stand for themselves, as `standard_conforming_strings` has it. */
export const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** An identifier, always in quotes. */
export const ident = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** An array of constants; an empty one needs a type. */
export const array = (items: readonly string[]): string =>
  items.length === 0 ? `'{}'::name[]` : `array[${items.map(literal).join(', ')}]`;

/** The types of a routine's arguments as its key lists them: `integer, "a, b".t` has two. */
export function splitArgs(args: string): string[] {
  return Array.from(args.matchAll(/(?:"(?:[^"]|"")*"|\([^()]*\)|[^,"(])+/g), ([type]) => type.trim());
}
