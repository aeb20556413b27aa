import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

// Month and day edges are UTC everywhere; a developer's zone must not change a result.
process.env.TZ = 'UTC';

const skip = ['**/node_modules/**', '.next/**', 'dist/**', '.hourglass/**', 'e2e/**'];

/** What takes minutes begins first, so that it does not run alone at the end. */
class LongOnesFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLong = ({ moduleId }: TestSpecification) =>
      /(simulation|mutants|faults|images)\.int\.test/.test(moduleId);
    const sorted = await super.sort(files);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

export default defineConfig({
  resolve: { alias: { '@': fileURLToPath(new URL('.', import.meta.url)).replace(/\/$/, '') } },
  test: {
    pool: 'forks',
    // Many files mostly wait for timeouts, leases and processes, so a third worker keeps two cores busy.
    maxWorkers: 3,
    sequence: { sequencer: LongOnesFirst },
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
