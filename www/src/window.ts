/** Which rows of a long table are drawn, and where. */

/** Browsers draw no element that is higher. */
export const MOST_PIXELS = 15_000_000;
/** Rows that are drawn beyond those in view, and by how many they move on: most frames of a scroll draw none anew. */
const BEYOND = 4;

/** So many rows of one height, seen through a body of a height; all in pixels. */
export interface Rows {
  length: number;
  height: number;
  room: number;
}

export interface Drawn {
  /** The height of what is scrolled. */
  size: number;
  first: number;
  count: number;
  /** What is added to the place of each row. */
  shift: number;
}

/** What is drawn where so much is scrolled. Rows that would be higher than a browser draws pass by faster. */
export function drawn(rows: Rows, top: number): Drawn {
  const { length, height, room } = rows;
  const offset = top * speed(rows);
  const first = Math.max(0, (Math.floor(offset / height / BEYOND) - 1) * BEYOND);
  return {
    size: Math.min(length * height, MOST_PIXELS),
    first,
    count: Math.max(0, Math.min(length - first, Math.ceil(room / height) + 3 * BEYOND)),
    shift: top - offset,
  };
}

/** How much is scrolled where a row just comes into view, from where so much is. */
export function reveal(rows: Rows, row: number, top: number): number {
  const { height, room } = rows;
  const offset = top * speed(rows);
  const [from, to] = [row * height, (row + 1) * height - room];
  return offset > from ? from / speed(rows) : offset < to ? to / speed(rows) : top;
}

function speed({ length, height, room }: Rows): number {
  const size = length * height;
  return size > MOST_PIXELS ? (size - room) / (MOST_PIXELS - room) : 1;
}
