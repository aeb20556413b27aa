import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** One file for the image and for local machines: starts in a fraction of what many files need. */
const root = fileURLToPath(new URL('..', import.meta.url));

await build({
  entryPoints: [`${root}machine/main.ts`],
  outfile: process.argv[2] ?? `${root}dist/agent/main.mjs`,
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  external: ['@lydell/node-pty'],
  // `ws` is written for CommonJS and asks for `require`.
  banner: {
    js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
  },
  logLevel: 'warning',
});
