import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig, type ViteUserConfig } from 'vitest/config';

const toSource = (path: string) => fileURLToPath(new URL(`src/${path}.ts`, import.meta.url));

// Two at the least: half of the time is a browser's, or goes to loading files.
const WORKERS = Math.max(2, availableParallelism() - 1);
const TESTS = ['src/**/*.test.ts', 'test/**/*.test.ts'];
/** Tests that start processes or servers and load them. */
const ALONE = ['cli', 'processes', 'service', 'stores'].map((folder) => `test/${folder}/**/*.test.ts`);

const config: ViteUserConfig = defineConfig({
  // An example is written as its reader will have it, and tried on the sources; tsconfig.json says the same to the compiler.
  resolve: {
    alias: [
      { find: /^countersign$/, replacement: toSource('index') },
      { find: /^countersign\/(otp-model|stores\/compare-and-set)$/, replacement: toSource('$1') },
    ],
  },
  test: {
    projects: [
      { extends: true, test: { name: 'shared', include: TESTS, exclude: ALONE, maxWorkers: WORKERS, sequence: { groupOrder: 0 } } },
      // These want every core for four processes and a server: they take turns.
      { extends: true, test: { name: 'alone', include: ALONE, maxWorkers: 1, sequence: { groupOrder: 1 } } },
    ],
    pool: 'forks',
    // Races are run many times over and some tests start processes; two minutes are for a slow machine, not for waiting.
    testTimeout: 120_000,
    hookTimeout: 120_000,
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
