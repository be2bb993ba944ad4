import { defineConfig } from 'vitest/config';

/** Tests that drive a real Chromium against a whole Runfleet: `npm run test:browser`. */
export default defineConfig({
  test: {
    include: ['test/browser/**/*.test.ts'],
    globalSetup: ['test/browser/global-setup.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 20_000 } },
    pool: 'forks',
    // They share one machine with the browser and one Runfleet.
    fileParallelism: false,
  },
});
