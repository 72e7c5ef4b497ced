/** Names of files for objects, whatever these are called. */

/** Names that Windows keeps for devices, with any ending. */
const DEVICE = /^(con|prn|aux|nul|com[0-9]|lpt[0-9])$/i;

/** So much of a name is kept. */
const PART_LENGTH = 80;

/**
 * Makes a name `a.b.sql` of parts: what is no letter, digit, `_` or `-` of ASCII is spelt `%xx`, and a second one that a
 * system may take for the same, whatever the case of its letters, gets a number.
 */
export function fileNames(): (...parts: string[]) => string {
  const taken = new Map<string, number>();
  return (...parts) => {
    const stem = parts.map(spelt).join('.');
    const count = (taken.get(stem.toLowerCase()) ?? 0) + 1;
    taken.set(stem.toLowerCase(), count);
    return count === 1 ? `${stem}.sql` : `${stem}~${count}.sql`;
  };
}

function spelt(part: string): string {
  const bytes = new TextEncoder().encode(part);
  const text = Array.from(bytes, (byte, at) => {
    const letter = String.fromCharCode(byte);
    const isPlain = /[A-Za-z0-9_]/.test(letter) || (letter === '-' && at > 0);
    return isPlain && !(at === 0 && DEVICE.test(part)) ? letter : `%${byte.toString(16).padStart(2, '0')}`;
  }).join('');
  return text.length > PART_LENGTH ? `${text.slice(0, PART_LENGTH)}~` : text;
}
