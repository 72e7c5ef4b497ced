// What starting the program costs: node benches/startup.mjs [ROUNDS]
//
// Within a round, `node -e 0` and the program on the example project take turns. The scan itself is timed in a process
// that has loaded the package and its module before: its first scan, with a report.
import { spawnSync } from 'node:child_process';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';

const at = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const rounds = Number(process.argv[2] ?? 11);
const project = at('examples/bookings');

const SCAN = `
import { Writable } from 'node:stream';
import { init, scanProject } from ${JSON.stringify(at('dist/node.js'))};
import { text } from ${JSON.stringify(at('dist/reports/text.js'))};
await init();
const start = performance.now();
const scan = await scanProject(${JSON.stringify(project)});
await text.write({ coverage: scan.coverage, source: scan.source }, () => {}, { colour: false });
await scan.close();
console.log(performance.now() - start);
`;

/** Milliseconds of a process, and what it wrote. */
function timed(args) {
  const start = performance.now();
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`node ${args.join(' ')}: ${stderr}`);
  return { ms: performance.now() - start, stdout };
}

function median(values) {
  return values.sort((a, b) => a - b)[values.length >> 1];
}

const times = { node: [], program: [], scan: [] };
for (let round = 0; round <= rounds; round++) {
  const node = timed(['-e', '0']).ms;
  const program = timed([at('dist/cli/main.js'), 'scan', project]).ms;
  const scan = Number(timed(['--input-type=module', '-e', SCAN]).stdout);
  // the first round warms up
  if (round === 0) continue;
  times.node.push(node);
  times.program.push(program);
  times.scan.push(scan);
}
const ratio = median(times.program.map((ms, round) => ms / (times.node[round] + times.scan[round])));
const [node, program, scan] = [times.node, times.program, times.scan].map((values) => median([...values]));
console.log(`start-up on the example project, medians of ${rounds} rounds`);
console.log(`  node -e 0             ${node.toFixed(0).padStart(6)} ms`);
console.log(`  the scan itself       ${scan.toFixed(0).padStart(6)} ms`);
console.log(
  `  the whole program     ${program.toFixed(0).padStart(6)} ms, ${ratio.toFixed(2)} times the two`,
);
