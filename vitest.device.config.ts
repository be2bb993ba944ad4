import { defineConfig } from 'vitest/config';

/** The engine on a device other than the CPU, without a GPU: `pnpm test:device`. */
export default defineConfig({
  test: {
    include: ['packages/engine/device/**/*.test.ts'],
    testTimeout: 240_000,
    hookTimeout: 240_000,
    pool: 'forks',
    // A software device uses every core.
    fileParallelism: false,
  },
});
