/** The files and folders each part of `dist/` is built from. A part is rebuilt when one of them changes. */

const SHARED = ['server', 'db', 'patches', 'package-lock.json', 'tsconfig.json'];
export const BUNDLE_INPUTS = [
  ...SHARED,
  'workers',
  'cloud',
  'scripts/bundles.ts',
  'operator/demo-accounts.ts',
  'operator/migrate.ts',
  'operator/main.ts',
  'operator/seed.ts',
];
export const WEB_INPUTS = [
  ...SHARED,
  'app',
  'client',
  'public',
  'next.config.mjs',
  'postcss.config.mjs',
  'proxy.ts',
  'instrumentation.ts',
  'scripts/build-web.ts',
  'scripts/serve-web.mjs',
];
export const AGENT_INPUTS = ['machine', 'client', 'package-lock.json'];
/** The inputs of all parts. */
export const BUILD_INPUTS = [...new Set([...AGENT_INPUTS, ...BUNDLE_INPUTS, ...WEB_INPUTS])];
