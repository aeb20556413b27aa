// The tasks of a checkout. Plain Node runs this file in a fresh clone, before anything is installed.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { mendDriver } from '../db/mend-driver.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
process.chdir(root);

/** What `node scripts/run.mjs <task>` runs. */
const TASKS = {
  up: ['scripts/up.ts'],
  dev: ['scripts/up.ts', '--dev'],
  test: ['scripts/test.ts'],
  check: ['scripts/test.ts', '--check'],
  e2e: ['scripts/e2e.ts'],
  bench: ['scripts/bench.ts'],
  chaos: ['scripts/chaos.ts'],
  build: ['scripts/build.ts'],
};

/** Prints one sentence and exits with 1. */
function fail(sentence) {
  process.stderr.write(`${sentence}\n`);
  process.exit(1);
}

/**
 * Installs the packages of the lock file unless they are installed, and patches the driver even where install scripts
 * are disabled.
 */
function installDependencies() {
  install();
  mendDriver('node_modules/postgres');
}

function install() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    fail(
      `Node 20.19 or newer is needed; this is ${process.versions.node}. Install a newer Node, then run this again.`,
    );
  }
  if (isInstalled()) return;
  const release = takeInstallLock();
  process.stdout.write('Installing dependencies (about a minute the first time) …\n');
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const done = spawnSync(npm, ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { stdio: 'inherit' });
  release();
  if (done.status !== 0) fail('The dependencies could not be installed: see the lines above.');
}

/** Whether the last completed `npm ci` or `npm install` left every package of the lock file. */
function isInstalled() {
  const found = 'node_modules/.package-lock.json';
  if (!existsSync(found)) return false;
  const packagesOf = (file) => JSON.parse(readFileSync(file, 'utf8')).packages;
  const installed = packagesOf(found);
  // Packages for other platforms are in the lock file only.
  return Object.entries(packagesOf('package-lock.json')).every(
    ([path, { version, optional, devOptional }]) =>
      path === '' || optional || devOptional || installed[path]?.version === version,
  );
}

/** Two installations at the same time would delete each other's files. */
function takeInstallLock() {
  mkdirSync('.hourglass', { recursive: true });
  const file = '.hourglass/install.pid';
  const pid = existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0;
  if (pid > 0 && isAlive(pid))
    fail(`Dependencies are being installed here already (process ${pid}). Wait for it, then run this again.`);
  writeFileSync(file, String(process.pid));
  const release = () => rmSync(file, { force: true });
  process.once('exit', release);
  return release;
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Runs a TypeScript file of this folder, passes signals on to it, and exits with its exit code. */
function become(file, args) {
  mkdirSync('.hourglass', { recursive: true });
  const child = spawn(process.execPath, ['--import', 'tsx', file, ...args], { stdio: 'inherit' });
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'])
    process.on(name, () => child.kill(name === 'SIGINT' ? 'SIGTERM' : name));
  child.on('exit', (code, signal) => process.exit(code ?? (signal ? 1 : 0)));
}

const [name = '', ...args] = process.argv.slice(2);
const task = TASKS[name];
if (!task) fail(`There is no task ${name || 'without a name'}; there are ${Object.keys(TASKS).join(', ')}.`);
installDependencies();
become(task[0], [...task.slice(1), ...args]);
