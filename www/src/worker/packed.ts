/** Bytes that came with the page. */
import type { Packed } from '../protocol.js';

/** The bytes that were packed as gzip in base64; a file is what it is. */
export async function unpacked(bytes: Blob | Packed): Promise<Blob> {
  if (bytes instanceof Blob) return bytes;
  const zipped = Uint8Array.from(atob(bytes.base64), (character) => character.charCodeAt(0));
  const stream = new Blob([zipped]).stream().pipeThrough(new DecompressionStream('gzip'));
  return new Response(stream).blob();
}
