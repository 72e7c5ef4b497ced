// What reporters write, held against the schema of its format or read by a library of those who consume it: of the
// example project, of hostile names, and of an empty database.

import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { lcovParser } from '@friedemannsommer/lcov-parser';
import AjvDraft04 from 'ajv-draft-04';
import Ajv, { type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';
import coverageLibrary from 'istanbul-lib-coverage';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { validateXML } from 'xmllint-wasm';
import type { Coverage } from '../../js/coverage.js';
import { scanProject, type ProjectScan } from '../../js/scan-project.js';
import { fakeCoverage, object, type Rows } from './support/fake-coverage.js';
import { HOSTILE, hostileRows, reportOf } from './support/hostile.js';

const CODE_QUALITY = {
  type: 'array',
  items: {
    type: 'object',
    required: ['description', 'check_name', 'fingerprint', 'severity', 'location'],
    additionalProperties: false,
    properties: {
      description: { type: 'string', minLength: 1 },
      check_name: { type: 'string', minLength: 1 },
      fingerprint: { type: 'string', minLength: 1 },
      severity: { enum: ['info', 'minor', 'major', 'critical', 'blocker'] },
      location: {
        type: 'object',
        required: ['path', 'lines'],
        properties: {
          path: { type: 'string', pattern: '^(?!\\./|/)' },
          lines: {
            type: 'object',
            required: ['begin'],
            properties: { begin: { type: 'integer', minimum: 1 } },
          },
        },
      },
    },
  },
};

let example: ProjectScan;
let cases: [string, Coverage][];

beforeAll(async () => {
  example = await scanProject(fileURLToPath(new URL('../../examples/bookings', import.meta.url)));
  cases = [
    ['the example', example.coverage],
    ['hostile names', fakeCoverage(hostileRows)],
    ['nothing', fakeCoverage({ objects: [] })],
  ];
});
afterAll(() => example.close());

/** What the validator of libxml2 says of a text, by a schema of this folder. */
async function complaints(contents: string, schema: string): Promise<string[]> {
  const file = {
    fileName: schema,
    contents: await readFile(new URL(`schemas/${schema}`, import.meta.url), 'utf8'),
  };
  const { errors } = await validateXML({ xml: { fileName: 'report.xml', contents }, schema: file });
  return errors.map(({ message }) => message);
}

describe.each([
  ['cobertura', 'cobertura.xsd', / complexity="0"/],
  ['clover', 'clover.xsd', / elements="\d+"/],
  ['junit', 'junit.xsd', / failures="\d+"/],
])('%s', (reporter, schema, needed) => {
  it(`is valid by ${schema}`, async () => {
    for (const [name, coverage] of cases)
      expect([name, ...(await complaints(await reportOf(reporter, coverage), schema))]).toEqual([name]);
  });

  it('is not valid without what the schema asks for', async () => {
    const text = await reportOf(reporter, example.coverage);
    expect(text).toMatch(needed);
    expect(await complaints(text.replace(needed, ''), schema)).not.toEqual([]);
  });
});

/** What is wrong with this text of JSON. */
function faults(validate: ValidateFunction, text: string): unknown[] {
  validate(JSON.parse(text));
  return validate.errors ?? [];
}

async function sarifValidator(): Promise<ValidateFunction> {
  const entry = createRequire(import.meta.url).resolve('@microsoft/jest-sarif');
  const schema = await readFile(entry.replace(/index\.js$/, 'schemas/sarif-2.1.0-rtm.5.json'), 'utf8');
  const ajv = new AjvDraft04.default({ strict: false, unicodeRegExp: false });
  addFormats.default(ajv);
  return ajv.compile(JSON.parse(schema));
}

describe('sarif', () => {
  it('is valid by the schema of SARIF 2.1.0', async () => {
    const validate = await sarifValidator();
    for (const [name, coverage] of cases)
      expect([name, ...faults(validate, await reportOf('sarif', coverage))]).toEqual([name]);
    const wrong = (await reportOf('sarif', example.coverage)).replace('"level":"note"', '"level":"remark"');
    expect(faults(validate, wrong)).not.toEqual([]);
  });

  it('stays below what GitHub takes, worst first, however many objects there are', async () => {
    const text = await reportOf('sarif', fakeCoverage(many(30_000)));
    const [{ results }] = JSON.parse(text).runs;
    // 25,000 results a run are taken and 5,000 shown; a file may have 10 MB, packed by gzip
    expect(results).toHaveLength(5000);
    expect(gzipSync(text).length).toBeLessThan(10_000_000);
    const ranks = results.map(({ rank }: { rank: number }) => rank);
    expect(ranks).toEqual(ranks.toSorted((a: number, b: number) => b - a));
    expect(faults(await sarifValidator(), text)).toEqual([]);
  });
});

/** So many tables without a test, in files of a thousand, with functions among them. */
function many(count: number): Rows {
  const file = (n: number) => `db/migrations/${String(Math.floor(n / 1000)).padStart(6, '0')}_tables.sql`;
  return {
    objects: Array.from({ length: count }, (_, n) =>
      object({
        kind: n % 3 ? 'table' : 'function',
        schema: 'application',
        name: `object_with_a_name_${n}`,
        args: n % 3 ? '' : 'uuid, integer',
        state: n % 2 ? 'gap' : 'asserted',
        reason: n % 2 ? 'only as fixture at supabase/tests/000-setup.sql:12' : '',
        defined: { file: file(n), line: (n % 1000) + 1 },
      }),
    ),
  };
}

describe('cobertura', () => {
  it('stays below what GitLab takes, with every line', async () => {
    const text = await reportOf('cobertura', fakeCoverage(many(100_000)));
    // 10 MB, and 100 sources
    expect(Buffer.byteLength(text)).toBeLessThan(10_000_000);
    expect(text.match(/<source>/g)).toHaveLength(1);
    expect(text.match(/<line /g)).toHaveLength(100_000);
    expect(text).toContain('lines-valid="100000" lines-covered="50000"');
  });

  it('names files as they are in the project', async () => {
    const text = await reportOf('cobertura', example.coverage);
    const files = Array.from(text.matchAll(/ filename="([^"]+)"/g), ([, file]) => file);
    expect(files).toEqual(example.project.schema);
  });
});

describe('gitlab', () => {
  it('is valid as a report of Code Quality', async () => {
    const validate = new Ajv.default().compile(CODE_QUALITY);
    for (const [name, coverage] of cases)
      expect([name, ...faults(validate, await reportOf('gitlab', coverage))]).toEqual([name]);
    const text = await reportOf('gitlab', example.coverage);
    expect(faults(validate, text.replaceAll('"info"', '"note"'))).not.toEqual([]);
  });
});

describe('lcov', () => {
  it('is read back with every file, line, function and branch', async () => {
    const sections = await lcovParser({ from: await reportOf('lcov', example.coverage) });
    expect(sections.map(({ path }) => path)).toEqual(example.project.schema);
    const map = coverageLibrary.createCoverageMap(JSON.parse(await reportOf('istanbul', example.coverage)));
    for (const { path, lines, functions, branches } of sections) {
      const file = map.fileCoverageFor(path);
      const { lines: all, functions: routines, branches: cells } = file.toSummary();
      expect([lines.instrumented, lines.hit]).toEqual([all.total, all.covered]);
      expect([functions.instrumented, functions.hit]).toEqual([routines.total, routines.covered]);
      expect([branches.instrumented, branches.hit]).toEqual([cells.total, cells.covered]);
      const hits = Object.fromEntries(lines.details.map(({ line, hit }) => [line, hit]));
      expect(hits).toEqual(file.getLineCoverage());
      expect(functions.details.map(({ name }) => name)).toEqual(
        Object.values(file.fnMap).map(({ name }) => name.replaceAll(', ', ';')),
      );
    }
  });

  it('has every line and function of a large project', async () => {
    const text = await reportOf('lcov', fakeCoverage(many(100_000)));
    expect(text.match(/^SF:/gm)).toHaveLength(100);
    expect(text.match(/^DA:/gm)).toHaveLength(100_000);
    expect(text.match(/^FN:/gm)).toHaveLength(33_334);
    expect(text.match(/^end_of_record$/gm)).toHaveLength(100);
  });

  it('keeps hostile names apart', async () => {
    const sections = await lcovParser({ from: await reportOf('lcov', fakeCoverage(hostileRows)) });
    expect(sections).toHaveLength(HOSTILE.length);
    expect(sections.flatMap(({ functions }) => functions.details)).toHaveLength(HOSTILE.length / 2);
  });
});

describe('istanbul and json-summary', () => {
  it('are what the library of istanbul reads, and agree', async () => {
    for (const [name, coverage] of cases) {
      const map = coverageLibrary.createCoverageMap(JSON.parse(await reportOf('istanbul', coverage)));
      const { total, ...files } = JSON.parse(await reportOf('json-summary', coverage));
      const { lines, functions, branches } = map.getCoverageSummary();
      expect([name, total]).toMatchObject([name, { lines, functions, branches }]);
      expect(Object.keys(files).sort()).toEqual(map.files().sort());
    }
  });
});
