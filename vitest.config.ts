import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

// Month and day edges are UTC everywhere; a developer's zone must not change a result.
process.env.TZ = 'UTC';

const skip = ['**/node_modules/**', '.next/**', '.hourglass/**', 'e2e/**'];

export default defineConfig({
  resolve: { alias: { '@': fileURLToPath(new URL('.', import.meta.url)).replace(/\/$/, '') } },
  test: {
    pool: 'forks',
    maxWorkers: 2,
    env: { TZ: 'UTC' },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['**/*.test.{ts,tsx}'],
          exclude: [...skip, '**/*.int.test.ts'],
          testTimeout: 10_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'int',
          include: ['**/*.int.test.ts'],
          exclude: skip,
          globalSetup: ['./test/services.ts'],
          testTimeout: 30_000,
          hookTimeout: 60_000,
          // Real processes on a busy computer: what fails once is asked once more, and said.
          retry: 1,
        },
      },
    ],
  },
});
