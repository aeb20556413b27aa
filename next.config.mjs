/** @type {import('next').NextConfig} */
const config = {
  // What production runs: a server with the packages it needs and no others, below `.next/standalone`.
  output: 'standalone',
  // Without it Next looks for the root by lock files and may find one outside of this repository.
  outputFileTracingRoot: import.meta.dirname,
  poweredByHeader: false,
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
    {
      source: '/:path*',
      headers: [
        // Browsers heed it over https only.
        { key: 'Strict-Transport-Security', value: 'max-age=31536000' },
        { key: 'X-Content-Type-Options', value: 'nosniff' },
        { key: 'X-Frame-Options', value: 'DENY' },
        { key: 'Referrer-Policy', value: 'strict-origin-when-cross-origin' },
        { key: 'Permissions-Policy', value: 'camera=(), microphone=(), geolocation=()' },
      ],
    },
    {
      // Returns to programs are nobody's page, and nobody's but the caller's to keep.
      source: '/api/:path*',
      headers: [
        { key: 'Cache-Control', value: 'no-store' },
        { key: 'Content-Security-Policy', value: "default-src 'none'; frame-ancestors 'none'" },
      ],
    },
  ],
};

export default config;
