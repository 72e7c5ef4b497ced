import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // two cores: a browser and a PostgreSQL at the same time are enough
    maxWorkers: 2,
  },
});
