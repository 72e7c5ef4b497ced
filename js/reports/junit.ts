import { missed } from '../thresholds.js';
import { escapeXml, visible } from './names.js';
import type { TextReporter } from './report.js';

/** The thresholds as test cases: one each, which fails where the coverage does not come up to it. */
export const junit: TextReporter = {
  kind: 'text',
  async write({ coverage, thresholds }, write) {
    const { under, on } = thresholds ?? { under: [], on: [] };
    const cases: { name: string; reason: string | undefined }[] = [];
    for (const threshold of under) {
      const { kind, schema, measure, percent } = threshold;
      const of = schema !== undefined ? `schema ${schema}` : (kind ?? 'all');
      const [reason] = await missed(coverage, { under: [threshold], on: [] });
      cases.push({ name: `${of}: at least ${percent}% ${measure}`, reason });
    }
    for (const finding of on) {
      const [reason] = await missed(coverage, { under: [], on: [finding] });
      cases.push({ name: `none: ${finding}`, reason });
    }
    const failures = cases.filter(({ reason }) => reason !== undefined).length;
    const counts = `tests="${cases.length}" failures="${failures}"`;
    const attribute = (text: string) => escapeXml(visible(text));
    await write(`<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="pgtap-cov" ${counts}>\n`);
    await write(`  <testsuite name="thresholds" ${counts}>\n`);
    for (const { name, reason } of cases) {
      const failure = reason === undefined ? '/>' : `><failure message="${attribute(reason)}"/></testcase>`;
      await write(`    <testcase classname="pgtap-cov" name="${attribute(name)}"${failure}\n`);
    }
    await write('  </testsuite>\n</testsuites>\n');
  },
};
