// Every reporter over names that are hostile to its format: what it writes is whole for a parser of that format, and holds
// no live markup, formula or terminal escape.

import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { describe, expect, it } from 'vitest';
import { reporters } from '../../js/reports/index.js';
import { object, type Rows } from './support/fake-coverage.js';
import { HOSTILE, hostileRows, report } from './support/hostile.js';

/** All but the viewer, which holds the bytes of a database: it is tested in the browser. */
const TEXTS = Array.from(reporters)
  .filter(([name, { folder }]) => !folder && name !== 'viewer')
  .map(([name]) => name);

describe('hostile names', () => {
  it.each(TEXTS)('leave %s whole and without live markup', async (name) => {
    const text = await report(name);
    // JSON has its own escapes; all else shows what people see
    if (!/json|sarif|gitlab/.test(name))
      expect(text).not.toMatch(/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202e]/);
    expect(text.replaceAll(/`[^`]*`+|``.*``/g, '')).not.toMatch(name === 'markdown' ? /<script/ : /\u0000/);
    if (/cobertura|clover|junit|badge/.test(name)) {
      expect(XMLValidator.validate(text)).toBe(true);
      expect(text).not.toContain('<script');
    }
    if (['json', 'istanbul', 'json-summary', 'sarif', 'gitlab'].includes(name)) JSON.parse(text);
    if (name === 'ndjson') for (const line of text.trimEnd().split('\n')) JSON.parse(line);
    if (name === 'github')
      for (const line of text.trimEnd().split('\n')) expect(line).toMatch(/^::(error|warning|notice) /);
  });
});

describe('csv', () => {
  it('begins no cell with a formula and quotes what must be', async () => {
    const lines = (await report('csv')).trimEnd().split('\r\n');
    expect(lines).toHaveLength(HOSTILE.length + 1);
    for (const line of lines) {
      const cells = Array.from(line.matchAll(/("(?:[^"]|"")*"|[^",]*)(?:,|$)/g), ([, cell]) => cell!).slice(
        0,
        13,
      );
      expect(cells).toHaveLength(13);
      for (const cell of cells) expect(cell.replace(/^"/, '')).not.toMatch(/^[=+\-@]/);
    }
    expect(lines).toContainEqual(expect.stringContaining(`table,public,"a""b",`));
    expect(lines).toContainEqual(expect.stringContaining(`function,public,'=1+1,`));
  });
});

describe('cobertura and clover', () => {
  it('have the lines, methods and branches of the schema files', async () => {
    const parser = new XMLParser({ ignoreAttributes: false, attributeNamePrefix: '' });
    const { coverage } = parser.parse(await report('cobertura'));
    expect(Number(coverage['lines-valid'])).toBe(HOSTILE.length);
    expect(Number(coverage['branches-valid'])).toBe(4);
    expect(Number(coverage['branches-covered'])).toBe(2);
    const clover = parser.parse(await report('clover'));
    expect(Number(clover.coverage.project.metrics.methods)).toBe(HOSTILE.length / 2);
  });
});

describe('sarif', () => {
  it('ranks findings, keeps fingerprints apart, and holds at most what GitHub shows', async () => {
    const many: Rows = {
      ...hostileRows,
      objects: Array.from({ length: 7000 }, (_, n) => object({ kind: 'table', name: `t${n}`, state: 'gap' })),
    };
    const { version, runs } = JSON.parse(await report('sarif', many));
    expect(version).toBe('2.1.0');
    const [{ results, tool, properties }] = runs;
    expect(results).toHaveLength(5000);
    const others =
      1 +
      1 +
      HOSTILE.length +
      results.filter(isRule('blind-spot')).length +
      results.filter(isRule('warning')).length;
    expect(properties.resultsLeftOut).toBe(7000 + others - 5000);
    expect(results[0].ruleId).toBe('refused-call');
    const ids = tool.driver.rules.map(({ id }: { id: string }) => id);
    for (const { ruleId, ruleIndex, rank, locations } of results) {
      expect(ids[ruleIndex]).toBe(ruleId);
      expect(rank).toBeGreaterThan(0);
      const [{ physicalLocation }] = locations;
      expect(physicalLocation.region.startLine).toBeGreaterThan(0);
      expect(() => new URL(physicalLocation.artifactLocation.uri, 'file:///')).not.toThrow();
    }
    const fingerprints = results.map((result: { partialFingerprints: object }) =>
      JSON.stringify(result.partialFingerprints),
    );
    expect(new Set(fingerprints).size).toBe(fingerprints.length);
  });
});

const isRule = (rule: string) => (result: { ruleId: string }) => result.ruleId === rule;

describe('github', () => {
  it('shows no more annotations than a job has room for', async () => {
    const stale = Array.from({ length: 80 }, (_, n) => ({ ...hostileRows.stale![0]!, name: `t${n}` }));
    const lines = (await report('github', { ...hostileRows, stale })).trimEnd().split('\n');
    expect(lines).toHaveLength(51);
    expect(lines.at(-1)).toMatch(/^::notice title=pgtap-cov::and [0-9]+ more findings/);
  });
});

describe('markdown', () => {
  it('fits a comment, and says what is left out', async () => {
    const many: Rows = {
      objects: Array.from({ length: 5000 }, (_, n) =>
        object({ kind: 'table', name: `table_${n}`, state: 'gap' }),
      ),
    };
    const text = await report('markdown', many);
    expect(text.length).toBeLessThan(65_536);
    const listed = text.split('\n').filter((line) => line.startsWith('- `')).length;
    expect(text).toContain(`- and ${5000 - listed} more\n`);
  });
});

describe('junit', () => {
  it('has a test case for each threshold', async () => {
    const parser = new XMLParser({ ignoreAttributes: false, attributeNamePrefix: '' });
    const { testsuites } = parser.parse(await report('junit'));
    expect(testsuites).toMatchObject({ tests: '3', failures: '3' });
    expect(testsuites.testsuite.testcase).toHaveLength(3);
  });
});
