import { execFile } from 'node:child_process';
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';

/** Every process of the product except the web: its entry, and the files it reads from its own folder. */
const BUNDLES: Record<string, { entry: string; files?: string[] }> = {
  worker: { entry: 'workers/timekeeper/main.ts' },
  gateway: { entry: 'workers/gateway/main.ts' },
  operator: { entry: 'operator/main.ts' },
  migrate: { entry: 'operator/migrate.ts', files: ['db/migrations'] },
  seed: { entry: 'operator/seed.ts' },
  cloud: { entry: 'cloud/main.ts', files: ['cloud/stripe/schema/wire-shapes.jsonl'] },
};

/** Native packages, and optional peers of libraries that this product does not use. */
const OUTSIDE = [
  '@lydell/node-pty',
  'pg',
  'pg-native',
  'redis',
  'msgpackr-extract',
  'bufferutil',
  'utf-8-validate',
];

/** Builds the machine's agent with the script its image uses. */
export async function buildAgent(root: string): Promise<void> {
  await promisify(execFile)(process.execPath, ['machine/build.mjs', 'dist/agent/main.mjs'], { cwd: root });
}

/** Bundles the processes into `dist/<name>/main.mjs`: ES modules that plain Node runs without a loader. */
export async function buildBundles(root: string): Promise<void> {
  for (const [name, { entry, files = [] }] of Object.entries(BUNDLES)) {
    const outdir = join(root, 'dist', name);
    rmSync(outdir, { recursive: true, force: true });
    await build({
      absWorkingDir: root,
      entryPoints: [{ in: entry, out: 'main' }],
      outdir,
      outExtension: { '.js': '.mjs' },
      bundle: true,
      splitting: true,
      platform: 'node',
      target: 'node20',
      format: 'esm',
      external: OUTSIDE,
      // Libraries written for CommonJS call `require`.
      banner: {
        js: "import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url);",
      },
      logLevel: 'warning',
    });
    for (const file of files)
      cpSync(join(root, file), join(outdir, file.split('/').at(-1) ?? ''), { recursive: true });
  }
}
