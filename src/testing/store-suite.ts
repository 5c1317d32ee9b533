import type { Clock } from '../core/clock.ts';
import type { Store } from '../stores/store.ts';
import { createFakeClock, type FakeClock } from './fake-clock.ts';
import type { Capability, Stage, StoreCase, StoreCaseGroup } from './store-case.ts';
import { concurrencyCases } from './store-concurrency-cases.ts';
import { contractCases } from './store-contract-cases.ts';
import { journalCases } from './store-journal-cases.ts';
import { lifeCases } from './store-life-cases.ts';
import { listCases } from './store-list-cases.ts';
import { outageCases } from './store-outage-cases.ts';
import { raceCases } from './store-race-cases.ts';
import { sweepCases } from './store-sweep-cases.ts';
import { timeCases } from './store-time-cases.ts';
import { registerLeftOut, type TestRunner } from './test-runner.ts';

/** Fresh data, for one test. */
export interface OpenedStore {
  /** A handle on the data, as one process has. Called again it gives another on the same data; a store in the process's memory gives itself. */
  connect(): Store | Promise<Store>;
  /** Removes the data. Every handle has been closed before. */
  cleanup?(): void | Promise<void>;
}

/** Makes fresh, empty data. Called once for each test; the clock is the one that the store shall go by. */
export type OpenStore = (options: { readonly clock: Clock }) => OpenedStore | Promise<OpenedStore>;

/**
 * What a store cannot do, each `false`. The tests for it are left out, and say so in their titles.
 */
export interface StoreSuiteOptions {
  /**
   * Whether it goes by the clock it is given; `false` for the clock of a database server. A store made by `createCompareAndSet` does when its
   * `cacheSize` is 0: a cached record goes by real time.
   * @defaultValue true
   */
  readonly clock?: boolean;
  /** Whether it keeps the journal. @defaultValue true */
  readonly journal?: boolean;
  /** Whether it lists records. @defaultValue true */
  readonly list?: boolean;
  /** Whether `sweep` is what removes expired records; `false` where the database does it by itself. @defaultValue true */
  readonly sweep?: boolean;
  /**
   * Whether handles live and end apart from each other and from the data; `false` for a store in the process's memory. What is promised over several
   * processes is then tried over one, and the titles say so.
   * @defaultValue true
   */
  readonly handles?: boolean;
}

const GROUPS: readonly StoreCaseGroup[] = [
  contractCases,
  concurrencyCases,
  sweepCases,
  listCases,
  journalCases,
  lifeCases,
  raceCases,
  timeCases,
  outageCases,
];

/**
 * Registers the tests that every store has to pass: what `Store` promises, and that the engine's limits hold on it, however many calls come at the
 * same time. It imports no runner. Nothing in it sleeps or tries again: what fails once has failed.
 *
 * @example
 * import { describe, it } from 'vitest'; // or 'node:test', or mocha's
 * import { storeSuite } from 'countersign/testing';
 *
 * storeSuite({ describe, it }, async ({ clock }) => {
 *   const path = join(await mkdtemp(join(tmpdir(), 'my-store-')), 'data');
 *   return {
 *     connect: () => createMyStore({ path, clock }),
 *     cleanup: () => rm(dirname(path), { recursive: true }),
 *   };
 * });
 */
export function storeSuite(runner: TestRunner, open: OpenStore, options: StoreSuiteOptions = {}): void {
  runner.describe('store suite', () => {
    for (const { title, cases } of GROUPS) {
      runner.describe(title, () => {
        for (const storeCase of cases) registerCase(runner, open, options, storeCase);
      });
    }
  });
}

function registerCase(runner: TestRunner, open: OpenStore, options: StoreSuiteOptions, { title, needs = [], run }: StoreCase): void {
  const missing = needs.filter((capability: Capability) => options[capability] === false);
  if (missing.length > 0) registerLeftOut(runner, title, missing.map((capability) => `${capability}: false`).join(', '));
  else runner.it(title, () => runOnStage(open, run));
}

async function runOnStage(open: OpenStore, run: StoreCase['run']): Promise<void> {
  const clock = createFakeClock();
  const opened = await open({ clock });
  const stage = createStage(clock, opened);
  try {
    await run(stage);
  } finally {
    // Whether closing works is a test of its own; here it must not hide what the case has found.
    await stage.closeAll().catch(() => undefined);
    await opened.cleanup?.();
  }
}

function createStage(clock: FakeClock, opened: OpenedStore): Stage {
  const handles: Store[] = [];
  return {
    clock,
    async connect() {
      const handle = await opened.connect();
      handles.push(handle);
      return handle;
    },
    async closeAll() {
      await Promise.all(handles.splice(0).map(async (handle) => handle.close()));
    },
  };
}
