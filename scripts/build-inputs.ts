/** The files and folders that each part of `dist/` is made from: when none of them changed, the part is still good. */

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
export const AGENT_INPUTS = ['machine', 'package-lock.json'];
/** Those of all parts. */
export const BUILD_INPUTS = [...new Set([...AGENT_INPUTS, ...BUNDLE_INPUTS, ...WEB_INPUTS])];
