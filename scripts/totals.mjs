// Tests passed and failed, summed over the results that the suites left in build/results. A suite without a result
// (it did not compile, or was not reached) is named.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const suites = { 'rust.log': cargo, 'wasm.log': cargo, 'js.json': vitest, 'e2e.json': vitest };

let passed = 0;
let failed = 0;
const missing = [];
for (const [file, read] of Object.entries(suites)) {
  const result = read(text(file));
  if (!result) missing.push(file.replace(/\..*/, ''));
  passed += result?.passed ?? 0;
  failed += result?.failed ?? 0;
}
if (missing.length > 0) console.log(`no result from: ${missing.join(', ')}`);
console.log(`${passed} passed, ${failed} failed`);

function text(file) {
  try {
    return readFileSync(fileURLToPath(new URL(`../build/results/${file}`, import.meta.url)), 'utf8');
  } catch {
    return '';
  }
}

function cargo(log) {
  const lines = [...log.matchAll(/^test result: \w+\. (\d+) passed; (\d+) failed/gm)];
  if (lines.length === 0) return undefined;
  return lines.reduce((sum, [, ok, bad]) => ({ passed: sum.passed + +ok, failed: sum.failed + +bad }), {
    passed: 0,
    failed: 0,
  });
}

function vitest(json) {
  if (json === '') return undefined;
  const { numPassedTests, numFailedTests, testResults } = JSON.parse(json);
  // a file that fails before its first test counts as one
  const broken = testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0);
  return { passed: numPassedTests, failed: numFailedTests + broken.length };
}
