import type { Coverage } from '../../../js/coverage.js';
import type {
  Count,
  CoveredObject,
  Diagnostic,
  Evidence,
  MatrixRow,
  ObjectKey,
  ObjectQuery,
  Page,
  PageQuery,
  SourceFile,
  Stale,
  Summary,
} from '../../../js/types.js';

/** What a fake database holds; the figures are counted from it. */
export interface Rows {
  objects: CoveredObject[];
  evidence?: (key: ObjectKey) => Evidence[];
  files?: SourceFile[];
  diagnostics?: Diagnostic[];
  stale?: Stale[];
  matrix?: MatrixRow[];
  problems?: string[];
}

/** The queries of a coverage database over rows in memory, two rows a page, so that every reader must turn pages. */
export function fakeCoverage(rows: Rows): Coverage {
  const {
    objects: given,
    evidence = () => [],
    files = [],
    diagnostics = [],
    stale = [],
    matrix = [],
    problems = [],
  } = rows;
  // what a test does not say of an object's places is what its evidence comes to
  const objects = given.map((row) => ({ ...row, places: evidence(row).length }));
  const findObjects = (query: ObjectQuery) =>
    objects.filter(
      (object) =>
        (!query.kind || query.kind.includes(object.kind)) &&
        (!query.state || query.state.includes(object.state)),
    );
  const fake = {
    summary: async () => summary(objects, files, stale, matrix, problems, diagnostics),
    objects: async (query: ObjectQuery) => page(findObjects(query), query),
    evidence: async (key: ObjectKey, query: PageQuery) => page(evidence(key), query),
    allEvidence: async (query: PageQuery) => page(objects.flatMap(evidence), query),
    files: async (query: PageQuery) => page(files, query),
    diagnostics: async (query: PageQuery) => page(diagnostics, query),
    stale: async (query: PageQuery) => page(stale, query),
    matrix: async (query: PageQuery) => page(matrix, query),
    async *iterate(query: Partial<ObjectQuery> = {}) {
      yield* findObjects({ limit: 2, ...query });
    },
  };
  return fake as unknown as Coverage;
}

/** An object with the columns that do not matter to a test filled in. */
export function object(
  row: Partial<CoveredObject> & Pick<CoveredObject, 'kind' | 'name' | 'state'>,
): CoveredObject {
  return {
    schema: 'public',
    sub: '',
    args: '',
    defined: { file: 'schema.sql', line: 1 },
    structure: 0,
    behavior: row.state === 'exercised' ? 1 : 0,
    act: 0,
    fixture: 0,
    places: row.state === 'gap' ? 0 : 1,
    aspects: [],
    ...row,
  };
}

function page<T>(rows: T[], { after, limit }: PageQuery): Page<T> {
  const from = Number(after ?? 0);
  const to = from + Math.min(limit, 2);
  return to < rows.length ? { rows: rows.slice(from, to), next: String(to) } : { rows: rows.slice(from, to) };
}

function summary(
  objects: CoveredObject[],
  files: SourceFile[],
  stale: Stale[],
  matrix: MatrixRow[],
  problems: string[],
  diagnostics: Diagnostic[],
): Summary {
  const kinds: Record<string, Count> = {};
  for (const kind of new Set(objects.map((row) => row.kind))) {
    kinds[kind] = count(objects.filter((row) => row.kind === kind));
  }
  const said = (severity: string) => diagnostics.filter((row) => row.severity === severity).length;
  const headline = ['table', 'view', 'materialized-view', 'function', 'procedure', 'trigger', 'policy'];
  return {
    complete: problems.length === 0,
    problems,
    totals: count(objects.filter((row) => headline.includes(row.kind))),
    kinds,
    files: files.length,
    evidence: 0,
    stale: stale.length,
    matrix: matrix.length,
    diagnostics: { error: said('error'), warning: said('warning'), info: said('info') },
    bytes: 0,
    assertions: files.reduce((sum, file) => sum + file.assertions, 0),
    unresolved: files.reduce((sum, file) => sum + file.unresolved, 0),
  };
}

function count(rows: CoveredObject[]): Count {
  const of = (state: string) => rows.filter((row) => row.state === state).length;
  const covered = of('exercised') + of('asserted');
  return {
    objects: rows.length,
    covered,
    exercised: of('exercised'),
    asserted: of('asserted'),
    declared: of('declared'),
    gap: of('gap'),
    percent: rows.length === 0 ? null : Math.floor((covered * 1000) / rows.length) / 10,
  };
}
