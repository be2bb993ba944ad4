import { availableParallelism } from 'node:os';

import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: [
      'packages/*/src/**/*.test.ts',
      'apps/*/src/**/*.test.ts',
      'test/{callbacks,chaos,e2e,infra,model,mutants,scale,simulation}/**/*.test.ts',
    ],
    globalSetup: ['packages/testing/src/global-setup.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // The default of a second is less than a slow disk's longest commit.
    expect: { poll: { timeout: 20_000, interval: 20 } },
    pool: 'forks',
    // Many tests wait for a timer or a process: one file at a time would leave two cores half idle.
    maxWorkers: Math.max(2, availableParallelism() - 1),
  },
});
