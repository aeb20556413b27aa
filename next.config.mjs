import { API_HEADERS, STANDING_HEADERS } from './app/_server/standing-headers.mjs';

const listed = (headers) => Object.entries(headers).map(([key, value]) => ({ key, value }));

/** @type {import('next').NextConfig} */
const config = {
  // What production runs: a server with the packages it needs and no others, below `.next/standalone`.
  output: 'standalone',
  // Without it Next looks for the root by lock files and may find one outside of this repository.
  outputFileTracingRoot: import.meta.dirname,
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
