import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { auditDependencies } from './audit';
import { buildAll } from './build-all';
import { ensureChromium } from './services/chromium';
import { ROOT } from './stack';

/**
 * `npm test` and `npm run check`: runs every step and prints its time; a failed step does not skip the later ones. The
 * last line counts the tests of all runners; the exit code is 1 when one failed.
 */

const folder = mkdtempSync(join(tmpdir(), 'hourglass-report-'));
const say = (line: string) => process.stdout.write(`${line}\n`);
let passed = 0;
let failed = 0;

type Count = { passed: number; failed: number };

/** Half a minute of faults plus the time that recovery may take. After this the run is stopped. */
const FAULTS_MS = 6 * 60_000;

const BENCHES_MS = 10 * 60_000;

type How = { quiet?: boolean; withinMs?: number };

function run(
  args: string[],
  { quiet = false, withinMs }: How = {},
): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    const env = { ...process.env, NEXT_TELEMETRY_DISABLED: '1', FORCE_COLOR: '0' };
    const child = spawn(process.execPath, args, { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        output += chunk;
        if (!quiet) process.stdout.write(chunk);
      });
    }
    const late = withinMs ? setTimeout(() => child.kill('SIGTERM'), withinMs) : undefined;
    child.on('exit', (code) => {
      clearTimeout(late);
      resolve({ code: code ?? 1, output });
    });
  });
}

async function step(name: string, work: () => Promise<Count>): Promise<boolean> {
  const from = performance.now();
  say(`\n── ${name}`);
  const count = await work().catch((error: unknown) => {
    say(error instanceof Error ? error.message : String(error));
    return { passed: 0, failed: 1 };
  });
  passed += count.passed;
  failed += count.failed;
  const seconds = ((performance.now() - from) / 1000).toFixed(1);
  say(
    `── ${name}: ${count.failed === 0 ? 'ok' : `${count.failed} failed`}, ${count.passed} passed, ${seconds} s`,
  );
  return count.failed === 0;
}

/** Runs a tool that counts as one test. */
const tool = (args: string[]) => async (): Promise<Count> => {
  const { code, output } = await run(args, { quiet: true });
  if (code !== 0) say(output.trimEnd());
  return code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
};

/**
 * Runs real processes under random faults. On a busy computer a run may miss a target, so it gets a second attempt,
 * which is reported.
 */
async function faults(): Promise<Count> {
  const args = ['--import', 'tsx', 'scripts/chaos.ts', '--brief', '--seed', '1'];
  const once = () => run(args, { withinMs: FAULTS_MS });
  if ((await once()).code === 0) return { passed: 1, failed: 0 };
  say('A target was missed; running once more:');
  return (await once()).code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

/** Runs every benchmark for a few seconds: checks that it works and compares, not its figures. */
const benches = async (): Promise<Count> => {
  const args = ['--import', 'tsx', 'scripts/bench.ts', '--quick'];
  const { code } = await run(args, { withinMs: BENCHES_MS });
  return code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
};

/** Runs vitest and counts from its own report; without a report vitest did not start. */
const vitest = (project: string) => async (): Promise<Count> => {
  const report = join(folder, `${project}.json`);
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const { code } = await run(['node_modules/vitest/vitest.mjs', 'run', '--project', project, ...reporters]);
  if (!existsSync(report)) return { passed: 0, failed: 1 };
  const { numPassedTests, numFailedTests, numFailedTestSuites } = JSON.parse(readFileSync(report, 'utf8'));
  const failures = numFailedTests + (numFailedTests === 0 ? numFailedTestSuites : 0);
  return { passed: numPassedTests, failed: code !== 0 && failures === 0 ? 1 : failures };
};

/** Vulnerabilities of severity high fail the step; a registry that does not answer is reported and fails nothing. */
async function knownWeaknesses(): Promise<Count> {
  const audit = await auditDependencies(ROOT);
  if (!audit.answered) {
    say(`Not checked: the package registry gave no answer about known weaknesses (${audit.why}).`);
    return { passed: 0, failed: 0 };
  }
  for (const finding of audit.findings) say(finding);
  return audit.findings.length === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

async function playwright(): Promise<Count> {
  await ensureChromium(say);
  const report = join(folder, 'e2e.json');
  process.env.PLAYWRIGHT_JSON_OUTPUT_NAME = report;
  const { code } = await run(['node_modules/@playwright/test/cli.js', 'test', '--reporter=list,json']);
  if (!existsSync(report)) return { passed: 0, failed: 1 };
  const { stats } = JSON.parse(readFileSync(report, 'utf8'));
  if (stats.flaky > 0) say(`${stats.flaky} passed only when they were run again: see the lines above.`);
  const failures = stats.unexpected;
  return {
    passed: stats.expected + stats.flaky,
    failed: code !== 0 && failures === 0 ? 1 : failures,
  };
}

mkdirSync(join(ROOT, '.hourglass'), { recursive: true });
const onlyCheck = process.argv.includes('--check');
// The compiler keeps one core busy for half a minute, so the quick checks and the unit tests run beside it.
const types = step('types', tool(['node_modules/typescript/bin/tsc', '--noEmit', '-p', '.']));
await step('format and lint', tool(['node_modules/@biomejs/biome/bin/biome', 'ci', '.']));
await step('unused code', tool(['node_modules/knip/bin/knip.js', '--no-progress', '--no-config-hints']));
await step('tidy and unit', vitest('unit'));
await types;
if (!onlyCheck) {
  await step('known weaknesses of packages', knownWeaknesses);
  const built = await step('build', async () => {
    await buildAll({ say });
    return { passed: 1, failed: 0 };
  });
  await step('integration', vitest('int'));
  if (built) await step('benchmarks', benches);
  if (built) await step('faults', faults);
  if (built) await step('browser', playwright);
}
rmSync(folder, { recursive: true, force: true });
say(`\n${passed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);
