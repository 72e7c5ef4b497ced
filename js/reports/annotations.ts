/** Findings as the places where people review code show them: SARIF, annotations of GitHub, Code Quality of GitLab. */
import { createHash } from 'node:crypto';
import { eachFinding, RULES, type Finding } from './findings.js';
import { visible } from './names.js';
import type { TextReporter } from './report.js';

/** GitHub shows 5,000 results of a run; what it would not show is counted. */
const SARIF_RESULTS = 5000;
/** GitHub shows 10 annotations of a kind for a step, and 50 for a job. */
const ANNOTATIONS = 50;
const CODE_QUALITY = 10_000;

/** SARIF 2.1.0. Paths are relative to the project; a finding keeps its fingerprint when its line moves. */
export const sarif: TextReporter = {
  kind: 'text',
  async write({ coverage }, write) {
    const rules = Object.entries(RULES).map(([id, text]) => ({
      id,
      shortDescription: { text },
      defaultConfiguration: { level: id === 'refused-call' ? 'error' : id === 'gap' ? 'note' : 'warning' },
    }));
    await write(
      `{"$schema":"https://json.schemastore.org/sarif-2.1.0.json","version":"2.1.0","runs":[{"tool":{"driver":${JSON.stringify(
        { name: 'pgtap-cov', rules },
      )}},"columnKind":"unicodeCodePoints","results":[`,
    );
    const left = await eachFinding(coverage, SARIF_RESULTS, async (finding, place) => {
      const rank = 100 - (place * 100) / SARIF_RESULTS;
      await write(`${place > 0 ? ',' : ''}\n${JSON.stringify({ ...sarifOf(finding), rank })}`);
    });
    const properties = left > 0 ? `,"properties":{"resultsLeftOut":${left}}` : '';
    await write(`]${properties}}]}\n`);
  },
};

function sarifOf({ rule, level, file, line, message, key }: Finding): object {
  const uri = visible(file).split('/').map(encodeURIComponent).join('/');
  return {
    ruleId: rule,
    ruleIndex: Object.keys(RULES).indexOf(rule),
    level,
    message: { text: visible(message) },
    locations: [
      { physicalLocation: { artifactLocation: { uri }, region: { startLine: Math.max(1, line) } } },
    ],
    partialFingerprints: { 'pgtap-cov/v1': fingerprint(rule, file, key) },
  };
}

/** Commands that a job of GitHub Actions prints: annotations of the worst findings. */
export const github: TextReporter = {
  kind: 'text',
  async write({ coverage }, write) {
    const left = await eachFinding(coverage, ANNOTATIONS, async ({ rule, level, file, line, message }) => {
      const command = level === 'note' ? 'notice' : level;
      const at = `file=${property(file)},line=${Math.max(1, line)},title=${property(`pgtap-cov ${rule}`)}`;
      await write(`::${command} ${at}::${data(message)}\n`);
    });
    if (left > 0) await write(`::notice title=pgtap-cov::and ${left} more findings, which are not shown\n`);
  },
};

/** Escaped as the toolkit of GitHub Actions does. */
const data = (text: string) => visible(text).replaceAll('%', '%25');
const property = (text: string) => data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');

/** Code Quality of GitLab. */
export const gitlab: TextReporter = {
  kind: 'text',
  async write({ coverage }, write) {
    await write('[');
    await eachFinding(coverage, CODE_QUALITY, async ({ rule, level, file, line, message, key }, place) => {
      const entry = {
        description: visible(message),
        check_name: `pgtap-cov/${rule}`,
        fingerprint: fingerprint(rule, file, key),
        severity: level === 'error' ? 'major' : level === 'warning' ? 'minor' : 'info',
        location: { path: visible(file), lines: { begin: Math.max(1, line) } },
      };
      await write(`${place > 0 ? ',' : ''}\n${JSON.stringify(entry)}`);
    });
    await write(']\n');
  },
};

function fingerprint(...parts: string[]): string {
  return createHash('sha256').update(parts.join('\0')).digest('hex').slice(0, 32);
}
