import { describe, expect, it } from 'vitest';
import { markerTool, UpPart, upPart, type MarkerTool } from '../../js/up-part.js';

const bytes = (text: string) => new TextEncoder().encode(text);

/** The text after the filter, its input cut at these offsets. */
function filtered(tool: MarkerTool, input: Uint8Array, ...cuts: number[]): string {
  const filter = new UpPart(tool);
  const out: Uint8Array[] = [];
  [0, ...cuts].forEach((from, n) => out.push(filter.push(input.slice(from, cuts[n] ?? input.length))));
  out.push(filter.end());
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.concat(out));
}

/** What is left: the down part as blank lines of the same length in bytes. */
const blanks = (text: string) => text.replace(/[^\n\r]/gu, (c) => ' '.repeat(Buffer.byteLength(c)));

const CASES: [name: string, tool: MarkerTool, parts: [text: string, keep: boolean][]][] = [
  ['dbmate', 'dbmate', [['-- migrate:up transaction:false\nA €;\n', true], ['-- migrate:down\r\n合計 B;\r\n', false]]],
  ['a marker without a line end', 'dbmate', [['--migrate:up\nA;\n', true], ['--migrate:down', false]]],
  ['a word that goes on', 'dbmate', [['--migrate:up\nA;\n-- migrate:downward\nB;\n -- migrate:down\nC', true]]],
  ['goose', 'goose', [['-- +goose Up\nA;\n', true], ['-- +goose Down\n-- +goose StatementBegin\nB;\n', false]]],
  ['case counts for goose', 'goose', [['-- +goose Up\nA;\n-- +goose down\nB;\n-- +goose Down it\n', true]]],
  ['node-pg-migrate', 'node-pg-migrate', [['-- Up Migration\nA;\n', true], [' ---- down  MIGRATION x\nB;', false]]],
  ['the down part first', 'node-pg-migrate', [['-- Down Migration\nB;\n', false], ['-- Up Migration\nA;\n', true]]],
  ['again and again', 'dbmate', [
    ['A\n--migrate:up\nB\n', true], ['--migrate:down\nC\n', false], ['--migrate:up\nD\n', true], ['--migrate:down\nE', false],
  ]],
  ['a byte order mark', 'goose', [['\ufeff-- +goose Up\nA;\n', true], ['-- +goose Down\nB;\n', false]]],
  ['a byte order mark before the down part', 'goose', [['\ufeff-- +goose Down\nA;\n', false]]],
  ['strings and bodies are not looked into, as by the tool', 'goose', [["select '\n", true], ["-- +goose Down\n';\n", false]]],
  ['dashes that are none', 'dbmate', [['-\n- -\n\n--\n-- \n  -- x\n\n', true], ['-- migrate:down', false]]],
  ['nothing', 'dbmate', [['', true]]],
]; // prettier-ignore

describe('the up part', () => {
  it.each(CASES)('is kept, lines and offsets too, on every split: %s', (_, tool, parts) => {
    const input = bytes(parts.map(([text]) => text).join(''));
    const expected = parts.map(([text, keep]) => (keep ? text : blanks(text))).join('');
    expect(filtered(tool, input)).toBe(expected);
    for (let a = 0; a <= input.length; a++) {
      for (let b = a; b <= input.length; b++) {
        if (filtered(tool, input, a, b) !== expected) expect(filtered(tool, input, a, b)).toBe(expected);
      }
    }
    expect(filtered(tool, input, ...Array.from(input.keys()))).toBe(expected);
  });

  it('holds back no more than the beginning of a line', () => {
    const filter = new UpPart('dbmate');
    const line = bytes(`-- ${'x'.repeat(10_000)}`);
    let given = 0;
    line.forEach((_, at) => {
      given += filter.push(line.subarray(at, at + 1)).length;
      expect(at + 1 - given).toBeLessThan(256);
    });
    expect(given).toBe(line.length);
  });

  it('leaves the buffers of the host alone', () => {
    const chunk = bytes('-- migrate:down\nA');
    const filter = new UpPart('dbmate');
    filter.push(chunk);
    filter.end();
    expect(chunk).toEqual(bytes('-- migrate:down\nA'));
  });

  it('passes on failures of a stream, and that its reader has left', async () => {
    const failing = new ReadableStream<Uint8Array>({
      pull: () => {
        throw new Error('disk gone');
      },
    });
    await expect(new Response(upPart(failing, 'goose')).text()).rejects.toThrow('disk gone');
    let left: unknown;
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(bytes('x\n')),
      cancel: (why) => void (left = why),
    });
    await upPart(endless, 'goose').cancel('enough');
    expect(left).toBe('enough');
    expect(upPart(endless, undefined)).toBe(endless);
  });
});

describe('markerTool', () => {
  it('knows a tool by its markers at the start of a line', () => {
    expect(markerTool('\ufeff-- migrate:up\n')).toBe('dbmate');
    expect(markerTool('-- first\r\n-- +goose Up\r\n')).toBe('goose');
    expect(markerTool('\n  -- Up Migration')).toBe('node-pg-migrate');
    expect(markerTool("select '-- migrate:up';\n  -- migrate:up")).toBeUndefined();
  });
});
