/** The orders in which files of a project are listed. */

/** Runs of digits compare as numbers (`V2` before `V10`), the rest byte by byte. */
export function naturalOrder(a: string, b: string): number {
  const parts = /[0-9]+|[^0-9]+/g;
  const [as, bs] = [a.match(parts) ?? [], b.match(parts) ?? []];
  for (let i = 0; i < as.length && i < bs.length; i++) {
    const order = comparePart(as[i]!, bs[i]!);
    if (order !== 0) return order;
  }
  // `1` and `01` are equal as numbers; the bytes decide, so that the order never depends on the input's.
  return as.length - bs.length || byteOrder(a, b);
}

/** The order of the UTF-8 bytes, which is that of the code points and not that of JavaScript's code units. */
export function byteOrder(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at++) {
    const [x, y] = [a.charCodeAt(at), b.charCodeAt(at)];
    if (x !== y) return rank(x) - rank(y);
  }
  return a.length - b.length;
}

/** Code units with surrogates, which stand for the highest code points, last. */
function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}

/** By file name, in whichever folder the files lie; the path decides between equal names. */
export function byFileName(order: typeof byteOrder): typeof byteOrder {
  return (a, b) => order(fileName(a), fileName(b)) || order(a, b);
}

/** Versions of numbers with `.` or `_` between them: `1.2` before `1.10`, and `1` is `1.0`. */
export function versionOrder(a: string, b: string): number {
  const [as, bs] = [a.split(/[._]/), b.split(/[._]/)];
  for (let i = 0; i < as.length || i < bs.length; i++) {
    const order = compareNumbers(as[i] ?? '0', bs[i] ?? '0');
    if (order !== 0) return order;
  }
  return 0;
}

export function fileName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** The folder of a path with its `/`; empty for the project itself. */
export function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/') + 1);
}

function comparePart(a: string, b: string): number {
  const numbers = /^[0-9]/.test(a) && /^[0-9]/.test(b);
  return numbers ? compareNumbers(a, b) : byteOrder(a, b);
}

function compareNumbers(a: string, b: string): number {
  const [x, y] = [a.replace(/^0+/, ''), b.replace(/^0+/, '')];
  return x.length - y.length || byteOrder(x, y);
}
