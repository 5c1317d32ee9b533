import type { Clock } from '../core/clock.ts';
import type { Destination } from '../core/destination.ts';
import type { Limits } from '../engine/limits.ts';
import { createVerifier } from '../engine/verifier.ts';
import type { JudgingProvider, Provider } from '../providers/provider.ts';
import { createMemoryStore } from '../stores/memory.ts';
import { createFakeClock } from './fake-clock.ts';
import type { ProviderCase, ProviderCaseGroup, ProviderFailure, ProviderStage } from './provider-case.ts';
import { engineCases } from './provider-engine-cases.ts';
import { judgeCases } from './provider-judge-cases.ts';
import { sendCases } from './provider-send-cases.ts';
import { expectEqual, expectThat } from './store-case.ts';
import { registerLeftOut, type TestRunner } from './test-runner.ts';

/** A provider for one test, and how a test sees behind it. */
export interface OpenedProvider {
  readonly provider: Provider | JudgingProvider;
  /** The codes in the messages that left to a destination, newest last, one for each message. `to` is in the canonical spelling. */
  codesSentTo(to: string): readonly string[] | Promise<readonly string[]>;
  /** How its next request is made to fail, whichever that is: a message, a guess or a cancel. */
  readonly fail?: ProviderFailures;
  /** Called when the test is over. */
  cleanup?(): void | Promise<void>;
}

/** Ways to fail. Each is for one request; after that the provider is itself again. */
export interface ProviderFailures {
  /** It is refused: nothing is done, and the provider is told so. */
  refuse?(): void | Promise<void>;
  /** The connection breaks when it was made: what was done is done, and nobody is told. */
  cut?(): void | Promise<void>;
  /** It is never answered. Returns what brings the provider's time to its end, such as by fake timers; it is called once the request is under way. */
  hang?(): (() => void | Promise<void>) | Promise<() => void | Promise<void>>;
}

/** Makes a provider of which nothing is known yet. Called once for each test; what it keeps by time it shall keep by this clock. */
export type OpenProvider = (options: { readonly clock: Clock }) => OpenedProvider | Promise<OpenedProvider>;

/** What a provider is, and what its author cannot bring about; the tests that need it are left out, and say so in their titles. */
export interface ProviderSuiteOptions {
  /** Whether it issues and judges codes of its own; `false` for one that carries the engine's. @defaultValue true */
  readonly judges?: boolean;
  /** Whether there is a `fail.refuse`. @defaultValue true */
  readonly refuse?: boolean;
  /** Whether there is a `fail.cut`. @defaultValue true */
  readonly cut?: boolean;
  /** Whether there is a `fail.hang`. @defaultValue true */
  readonly hang?: boolean;
}

const GROUPS: readonly ProviderCaseGroup[] = [sendCases, judgeCases, engineCases];

/**
 * Registers the tests that every provider has to pass: what its contract promises, and that the engine's limits hold with it, however many calls come at
 * the same time. It imports no runner. Nothing in it sleeps or tries again: what fails once has failed.
 *
 * @example
 * import { describe, it } from 'vitest'; // or 'node:test', or mocha's
 * import { providerSuite } from 'countersign/testing';
 *
 * providerSuite({ describe, it }, async ({ clock }) => {
 *   const server = await startDouble({ clock });
 *   return {
 *     provider: createMyProvider({ url: server.url }),
 *     codesSentTo: (to) => server.messages.filter((message) => message.to === to).map(({ code }) => code),
 *     fail: { refuse: () => server.next('429'), cut: () => server.next('cut') },
 *     cleanup: () => server.close(),
 *   };
 * }, { hang: false });
 */
export function providerSuite(runner: TestRunner, open: OpenProvider, options: ProviderSuiteOptions = {}): void {
  const { judges = true } = options;
  runner.describe('provider suite', () => {
    for (const { title, forJudges, cases } of GROUPS) {
      if (forJudges && !judges) continue;
      runner.describe(title, () => {
        for (const providerCase of cases) registerCase(runner, open, options, providerCase);
      });
    }
  });
}

function registerCase(runner: TestRunner, open: OpenProvider, options: ProviderSuiteOptions, { title, needs = [], run }: ProviderCase): void {
  const missing = needs.filter((failure) => options[failure] === false);
  if (missing.length > 0) registerLeftOut(runner, title, missing.map((failure) => `${failure}: false`).join(', '));
  else runner.it(title, () => runOnStage(open, options, run));
}

async function runOnStage(open: OpenProvider, { judges = true }: ProviderSuiteOptions, run: ProviderCase['run']): Promise<void> {
  const clock = createFakeClock();
  const opened = await open({ clock });
  try {
    const complaint = 'a provider that has `check` judges its codes; one that has not carries those of the engine: say `judges: false`';
    expectEqual('check' in opened.provider, judges, complaint);
    await run(createStage(clock, opened));
  } finally {
    await opened.cleanup?.();
  }
}

function createStage(clock: ReturnType<typeof createFakeClock>, { provider, codesSentTo, fail = {} }: OpenedProvider): ProviderStage {
  const store = createMemoryStore({ clock });
  return {
    clock,
    provider,
    judge: provider as JudgingProvider,
    codes: async (to: Destination) => codesSentTo(to.reveal()),
    async fail(failure: ProviderFailure) {
      const bringAbout = fail[failure]?.bind(fail);
      expectThat(bringAbout !== undefined, `there is no \`fail.${failure}\`: give one, or say \`${failure}: false\``);
      const end = await bringAbout?.();
      return async () => void (await end?.());
    },
    verifier: (limits?: Partial<Limits>) =>
      createVerifier({ secret: 'the provider suite keeps no secret at all', store, provider, ...(limits && { limits }) }),
  };
}
