import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { API_HEADERS, STANDING_HEADERS } from './app/_server/standing-headers.mjs';

const listed = (headers) => Object.entries(headers).map(([key, value]) => ({ key, value }));

/** The name of this build in reports of errors: `RELEASE` when it is set, else the version and the commit, where there is one. */
function releaseOf() {
  if (process.env.RELEASE) return process.env.RELEASE;
  const { version } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'));
  try {
    const options = { cwd: import.meta.dirname, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] };
    return `${version}+${execFileSync('git', ['rev-parse', '--short', 'HEAD'], options).trim()}`;
  } catch {
    return version;
  }
}

/** @type {import('next').NextConfig} */
const config = {
  // What production runs: a server with the packages it needs and no others, below `.next/standalone`.
  output: 'standalone',
  // Without it Next looks for the root by lock files and may find one outside of this repository.
  outputFileTracingRoot: import.meta.dirname,
  // Written into the scripts of pages when they are built.
  env: { RELEASE: releaseOf() },
  poweredByHeader: false,
  // The proxy in front compresses, as it ends TLS.
  compress: false,
  reactStrictMode: true,
  // Server packages with native parts, workers or own clients stay outside the bundle.
  serverExternalPackages: [
    'bullmq',
    'ioredis',
    'pino',
    'postgres',
    'undici',
    'prom-client',
    'nodemailer',
    'better-auth',
    'stripe',
  ],
  // Next keeps the body of whatever a page is asked with; nobody may fill the memory with it.
  experimental: { proxyClientMaxBodySize: 64 * 1024 },
  // Types are checked on their own, once, for the whole repository.
  typescript: { ignoreBuildErrors: true },
  devIndicators: false,
  headers: async () => [
    { source: '/:path*', headers: listed(STANDING_HEADERS) },
    { source: '/api/:path*', headers: listed(API_HEADERS) },
  ],
};

export default config;
