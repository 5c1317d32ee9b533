/** As much of a test runner as a suite needs: vitest, `node:test`, mocha and jest have it by these names. */
export interface TestRunner {
  describe(title: string, body: () => void): unknown;
  readonly it: RegisterTest;
}

/** Registers one test. A runner with `it.skip` counts what a suite was told to leave out. */
export interface RegisterTest {
  // The body takes no argument: where it does, mocha and `node:test` wait for a callback.
  (title: string, body: () => Promise<void>): unknown;
  readonly skip?: (title: string, body: () => Promise<void>) => unknown;
}

/** Registers a test that is left out, under a title that says so: a promise nobody held a store to must not look like one that was kept. */
export function registerLeftOut({ it }: TestRunner, title: string, reason: string): void {
  const loud = `NOT HELD TO (${reason}): ${title}`;
  // biome-ignore lint/suspicious/noSkippedTests: it is a store that says it cannot do this, and the runner's own count shall show it.
  if (it.skip) it.skip(loud, async () => {});
  else it(loud, async () => {});
}
