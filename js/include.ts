/** Files that sources include with psql's `\i` and `\ir`. */

/** An included file with the path that names it in reports. */
export interface IncludedFile {
  path: string;
  stream: ReadableStream<Uint8Array>;
}

/**
 * Finds the file that `from` includes. `path` is as written; `relative` says that it starts from the folder of `from`
 * (`\ir`), else it starts from wherever psql runs (`\i`). Null where there is none: a diagnostic says so and the source
 * goes on. A stream alone is named by the first of {@link includedPaths}.
 */
export type OnInclude = (
  path: string,
  relative: boolean,
  from: string,
) => Promise<ReadableStream<Uint8Array> | IncludedFile | null>;

/**
 * Where an included file may lie, relative to the project, best guess first. psql's working directory is not known: a
 * `\i` is looked up from the project's root, then beside the file that includes it. A path that leads out of the
 * project keeps its `../`.
 */
export function includedPaths(path: string, relative: boolean, from: string): string[] {
  if (path.startsWith('/')) return [path];
  const beside = normalized(from.slice(0, from.lastIndexOf('/') + 1) + path);
  return relative ? [beside] : Array.from(new Set([normalized(path), beside]));
}

/** Takes the first place that `open` knows a file at; paths out of the project are not asked for. */
export function includesFrom(open: (path: string) => Promise<ReadableStream<Uint8Array> | null>): OnInclude {
  return async (written, relative, from) => {
    for (const path of includedPaths(written, relative, from)) {
      if (path === '' || path.startsWith('../') || path.startsWith('/')) continue;
      const stream = await open(path);
      if (stream) return { path, stream };
    }
    return null;
  };
}

/** Without `.`, empty parts, and `..` but for those that lead out of the project. */
export function normalized(path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..' && parts.length > 0 && parts.at(-1) !== '..') parts.pop();
    else parts.push(part);
  }
  return parts.join('/');
}
