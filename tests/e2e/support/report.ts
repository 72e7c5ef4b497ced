import type {
  Count,
  Diagnostic,
  ObjectKey,
  Place,
  Risk,
  SourceFile,
  Stale,
  State,
} from '../../../js/types.js';

/** The parts of a JSON report that the page shows, too. */
export interface Report {
  complete: boolean;
  totals: Pick<Count, 'objects' | 'covered' | 'exercised' | 'percent'>;
  kinds: Record<string, Count>;
  objects: (ObjectKey & { defined: Place; state: State; risk?: Risk })[];
  stale: Stale[];
  diagnostics: Diagnostic[];
  files: SourceFile[];
}
