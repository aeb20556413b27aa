import { defineConfig, devices } from '@playwright/test';
import { findOnPath } from './scripts/services/processes';

const executablePath = findOnPath('chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable');
const args = [
  '--no-sandbox',
  '--disable-quic',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
  '--disable-gpu',
];

/** A real browser against the real processes, which the global setup starts on ports of their own. */
export default defineConfig({
  testDir: 'e2e',
  outputDir: '.hourglass/test-results',
  globalSetup: './e2e/setup.ts',
  fullyParallel: false,
  workers: 2,
  timeout: 90_000,
  expect: { timeout: 15_000 },
  // Real processes on a busy computer: what fails once is asked once more, and said.
  retries: 1,
  use: {
    launchOptions: { ...(executablePath ? { executablePath } : {}), args },
    trace: 'on-first-retry',
    timezoneId: 'Europe/Zurich',
    locale: 'en-GB',
  },
  projects: [
    {
      name: 'desktop',
      use: { ...devices['Desktop Chrome'], viewport: { width: 1280, height: 800 } },
      testIgnore: /phone/,
    },
    {
      name: 'phone',
      use: { ...devices['Pixel 7'], viewport: { width: 360, height: 740 } },
      testMatch: /phone/,
    },
  ],
});
