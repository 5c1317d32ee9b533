import { type OpenStore, type StoreSuiteOptions, storeSuite, type TestRunner } from '../../src/testing/testing.ts';

/** What became of each test of a suite, by title, in the order in which they ran. */
export interface SuiteReport {
  readonly passed: readonly string[];
  readonly failed: readonly { readonly title: string; readonly message: string }[];
  readonly leftOut: readonly string[];
}

/** Runs the store suite, so that a test can look at what fails. */
export function runStoreSuite(open: OpenStore, options?: StoreSuiteOptions): Promise<SuiteReport> {
  return runSuite((runner) => storeSuite(runner, open, options));
}

/** Runs a suite on a runner of a dozen lines. It is also the proof that the suite needs no other. */
export async function runSuite(register: (runner: TestRunner) => void): Promise<SuiteReport> {
  const tests: { readonly title: string; readonly body: () => Promise<void> }[] = [];
  const leftOut: string[] = [];
  const add = (title: string, body: () => Promise<void>) => tests.push({ title, body });
  const runner: TestRunner = {
    describe: (_title, body) => body(),
    it: Object.assign(add, { skip: (title: string) => leftOut.push(title) }),
  };
  register(runner);
  const passed: string[] = [];
  const failed: { title: string; message: string }[] = [];
  for (const { title, body } of tests) {
    try {
      await body();
      passed.push(title);
    } catch (error) {
      failed.push({ title, message: (error as Error).message });
    }
  }
  return { passed, failed, leftOut };
}
