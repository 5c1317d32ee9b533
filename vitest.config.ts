import { fileURLToPath } from 'node:url';
import { defineConfig, type ViteUserConfig } from 'vitest/config';

const toSource = (path: string) => fileURLToPath(new URL(`src/${path}.ts`, import.meta.url));

const config: ViteUserConfig = defineConfig({
  // An example is written as its reader will have it, and tried on the sources; tsconfig.json says the same to the compiler.
  resolve: {
    alias: [
      { find: /^countersign$/, replacement: toSource('index') },
      { find: /^countersign\/(otp-model|stores\/compare-and-set)$/, replacement: toSource('$1') },
    ],
  },
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    pool: 'forks',
    // Races are run many times over and some tests start processes; a minute is for a slow machine, not for waiting.
    // Some of them want every core for four processes and a server: on a machine that only tests, files take turns.
    ...(process.env.CI ? { maxWorkers: 1 } : {}),
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // A test that passes the second time has found something.
    retry: 0,
    coverage: {
      provider: 'v8',
      include: ['src/core/**/*.ts', 'src/engine/**/*.ts'],
      exclude: ['src/**/*.test.ts'],
      reporter: ['text', 'html'],
      // The rules that limits rest on: a branch no test takes is a rule nobody has seen work.
      thresholds: {
        'src/core/**': { branches: 95 },
        'src/engine/**': { branches: 95 },
      },
    },
  },
});

export default config;
