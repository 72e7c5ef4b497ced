/** Migrations whose one file says both what applies it and what undoes it. */

/** A tool that puts both parts into one file, parted by comments at the start of a line. */
export type MarkerTool = 'dbmate' | 'goose' | 'node-pg-migrate';

interface Markers {
  up: RegExp;
  down: RegExp;
}

/** How each tool spells its comments. All of them begin with blanks, if any, and `--`: see `mayBeMarker`. */
export const MARKERS: Record<MarkerTool, Markers> = {
  // dbmate: options may follow, as in `-- migrate:up transaction:false`
  dbmate: { up: /^--\s*migrate:up(\s|$)/, down: /^--\s*migrate:down(\s|$)/ },
  // goose: nothing may follow, upper and lower case count
  goose: { up: /^--\s*\+goose Up\s*$/, down: /^--\s*\+goose Down\s*$/ },
  // node-pg-migrate: anything may follow, any case, blanks and dashes before
  'node-pg-migrate': {
    up: /^[ \t]*--[\s-]*up\s+migration/i,
    down: /^[ \t]*--[\s-]*down\s+migration/i,
  },
};

/** A marker ends within these first bytes of its line; so much is held back at most. */
const HEAD_BYTES = 256;

const [TAB, NEWLINE, RETURN, SPACE, DASH] = [0x09, 0x0a, 0x0d, 0x20, 0x2d];
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];

/** The stream without the parts that undo; what it was given where the tool has no such parts. */
export function upPart(
  stream: ReadableStream<Uint8Array>,
  tool: MarkerTool | undefined,
): ReadableStream<Uint8Array> {
  if (!tool) return stream;
  const filter = new UpPart(tool);
  const reader = stream.getReader();
  // No pipeThrough: its cancel does not wait for that of the stream.
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        for (;;) {
          const { done, value } = await reader.read();
          const bytes = done ? filter.end() : filter.push(value);
          if (bytes.length > 0) controller.enqueue(bytes);
          if (done) return controller.close();
          if (bytes.length > 0) return;
        }
      },
      cancel: (why) => reader.cancel(why),
    },
    { highWaterMark: 0 },
  );
}

/** The tool whose marker is in this text, if any. */
export function markerTool(text: string): MarkerTool | undefined {
  const lines = text
    .replace(/^\ufeff/, '')
    .split('\n')
    .map((line) => line.slice(0, HEAD_BYTES));
  for (const [tool, { up, down }] of Object.entries(MARKERS)) {
    if (lines.some((line) => up.test(line) || down.test(line))) return tool as MarkerTool;
  }
  return undefined;
}

/**
 * Blanks everything from a marker that begins the undoing part to the next one that begins the applying part, or the end.
 * Every byte but the ends of lines becomes a space, so lines and offsets stay what they are in the file. As the tools do,
 * it looks at lines only, not at what SQL makes of them. Any split of the bytes gives the same bytes.
 */
export class UpPart {
  readonly #markers: Markers;
  /** The beginning of a line of which it is not known yet whether it is a marker. */
  #held: Uint8Array = new Uint8Array();
  #atLineStart = true;
  #first = true;
  #undoing = false;

  constructor(tool: MarkerTool) {
    this.#markers = MARKERS[tool];
  }

  /** What is decided of the bytes so far and was not given out; never the host's buffer. */
  push(chunk: Uint8Array): Uint8Array {
    return this.#filter(chunk, false);
  }

  /** The rest. */
  end(): Uint8Array {
    return this.#filter(new Uint8Array(), true);
  }

  #filter(chunk: Uint8Array, last: boolean): Uint8Array {
    const bytes = new Uint8Array(this.#held.length + chunk.length);
    bytes.set(this.#held);
    bytes.set(chunk, this.#held.length);
    let at = 0;
    while (at < bytes.length) {
      const newline = bytes.indexOf(NEWLINE, at);
      const end = newline < 0 ? bytes.length : newline;
      if (this.#atLineStart) {
        const head = bytes.subarray(at, Math.min(end, at + HEAD_BYTES));
        if (mayBeMarker(head, this.#first)) {
          if (newline < 0 && head.length < HEAD_BYTES && !last) break;
          this.#decide(head);
        }
        this.#atLineStart = this.#first = false;
      }
      if (this.#undoing) blank(bytes, at, end);
      at = end;
      if (newline >= 0) {
        at += 1;
        this.#atLineStart = true;
      }
    }
    this.#held = bytes.slice(at);
    return bytes.subarray(0, at);
  }

  #decide(head: Uint8Array): void {
    // Markers are ASCII: any encoding that keeps the bytes apart will do, and no character can be cut.
    const text = String.fromCharCode(...head.subarray(this.#first ? markLength(head) : 0));
    if (this.#markers.up.test(text)) this.#undoing = false;
    else if (this.#markers.down.test(text)) this.#undoing = true;
  }
}

/** Whether a line that begins like this may be a marker: blanks and `--`, as far as there is anything. */
function mayBeMarker(head: Uint8Array, first: boolean): boolean {
  let at = first ? markLength(head) : 0;
  while (at < head.length && (head[at] === SPACE || head[at] === TAB)) at += 1;
  return (at >= head.length || head[at] === DASH) && (at + 1 >= head.length || head[at + 1] === DASH);
}

/** How much of a byte order mark is there. */
function markLength(head: Uint8Array): number {
  let at = 0;
  while (at < BYTE_ORDER_MARK.length && head[at] === BYTE_ORDER_MARK[at]) at += 1;
  return at;
}

function blank(bytes: Uint8Array, from: number, to: number): void {
  for (let at = from; at < to; at++) if (bytes[at] !== RETURN) bytes[at] = SPACE;
}
