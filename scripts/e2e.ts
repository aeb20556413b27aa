import { spawn } from 'node:child_process';
import { ensureChromium } from './services/chromium';
import { ROOT } from './stack';

/** Runs the browser tests; arguments are passed to Playwright. */
await ensureChromium((line) => process.stdout.write(`${line}\n`));
const child = spawn(
  process.execPath,
  ['node_modules/@playwright/test/cli.js', 'test', ...process.argv.slice(2)],
  { cwd: ROOT, stdio: 'inherit' },
);
for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => child.kill(name));
child.on('exit', (code) => process.exit(code ?? 1));
