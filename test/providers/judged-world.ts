import { afterEach, expect } from 'vitest';
import { CountersignError } from '../../src/core/errors.ts';
import { viewRecord } from '../../src/engine/decide-record.ts';
import { DEFAULT_LIMITS, type Limits } from '../../src/engine/limits.ts';
import type { DestinationRecord } from '../../src/engine/record.ts';
import type { CheckResult, PendingResult, StartInput } from '../../src/engine/results.ts';
import { createVerifier, type Verifier, type VerifierOptions } from '../../src/engine/verifier.ts';
import { createSelfIssuedProvider } from '../../src/providers/self-issued.ts';
import { createMemoryStore } from '../../src/stores/memory.ts';
import { createSqliteStore } from '../../src/stores/sqlite.ts';
import type { Store } from '../../src/stores/store.ts';
import { countByStatus } from '../../src/testing/engine-bench.ts';
import { createFakeClock, type FakeClock } from '../../src/testing/fake-clock.ts';
import { createRecordingSender } from '../../src/testing/recording-sender.ts';
import { useTemporaryFiles } from '../stores/sqlite-files.ts';
import { PlainJudge, type PlainJudgeOptions } from './plain-judge.ts';

const secret = 'a secret of at least 32 random bytes';
export const TO = '+14155552671';
export const OTHER = '+14155552672';

const temporaryFile = useTemporaryFiles();
const opened: Store[] = [];
afterEach(async () => {
  for (const store of opened.splice(0)) await store.close();
});

/** Where records live: each call of what it returns gives a handle, as one more process would have. */
export type OpenHandles = (clock: { now(): number }) => () => Store;

export const STORES: readonly (readonly [string, OpenHandles])[] = [
  [
    'memory',
    (clock) => {
      const store = createMemoryStore({ clock });
      return () => store;
    },
  ],
  [
    'SQLite, two handles on one file',
    (clock) => {
      const path = temporaryFile();
      return () => createSqliteStore({ path, clock });
    },
  ],
];

/** A judging provider and two verifiers, each with a handle of its own. */
export class JudgedWorld {
  readonly clock: FakeClock = createFakeClock();
  readonly judge: PlainJudge;
  readonly heard: unknown[][] = [];
  readonly first: Verifier;
  readonly second: Verifier;
  readonly store: Store;
  /** Whether a store is away, asked at each update. */
  isAway: () => boolean = () => false;
  readonly #connect: () => Store;
  readonly #limits: Partial<Limits>;

  constructor(open: OpenHandles = STORES[0]![1], limits: Partial<Limits> = {}, judge: PlainJudgeOptions = {}) {
    this.#connect = open(this.clock);
    this.#limits = limits;
    this.judge = new PlainJudge(judge);
    this.store = this.connect();
    this.first = this.verifier({ store: this.store });
    this.second = this.verifier();
  }

  connect(): Store {
    const store = this.#connect();
    opened.push(store);
    const update: Store['update'] = async (key, decide) => {
      if (this.isAway()) throw new CountersignError('store_unavailable', 'away');
      return store.update(key, decide);
    };
    return new Proxy(store, { get: (target, name) => (name === 'update' ? update : Reflect.get(target, name).bind(target)) });
  }

  verifier(options: Partial<VerifierOptions> = {}): Verifier {
    const verifier = createVerifier({ secret, store: options.store ?? this.connect(), provider: this.judge, limits: this.#limits, ...options });
    for (const name of ['started', 'delivered', 'refused', 'checked', 'approved', 'canceled', 'expired'] as const) {
      verifier.on(name, (event) => this.heard.push([name, event]));
    }
    return verifier;
  }

  async start(input: Partial<StartInput> = {}, verifier: Verifier = this.first): Promise<PendingResult> {
    const started = await verifier.start({ to: TO, ...input });
    expect(started).toMatchObject({ status: 'pending' });
    return started as PendingResult;
  }

  /** A verifier on the same records with another provider of the kind. */
  another(options: PlainJudgeOptions): { readonly judge: PlainJudge; readonly verifier: Verifier } {
    const judge = new PlainJudge(options);
    return { judge, verifier: this.verifier({ provider: judge }) };
  }

  /** A verifier on the same records whose codes are the engine's own. */
  carrying(): Verifier {
    return this.verifier({ provider: createSelfIssuedProvider({ senders: [createRecordingSender()] }) });
  }

  get code(): string {
    return this.judge.codeSentTo(TO);
  }

  async record(): Promise<DestinationRecord> {
    const [row] = await this.store.list('destination', '', undefined, 1);
    return viewRecord({ body: row?.body, now: this.clock.now() }, { ...DEFAULT_LIMITS, ...this.#limits });
  }

  names(): unknown[] {
    return this.heard.map(([name]) => name);
  }
}

/** What calls at once came to: statuses, and the codes of what was thrown. */
export async function outcomes(calls: readonly Promise<CheckResult>[]): Promise<Record<string, number>> {
  const settled = await Promise.allSettled(calls);
  return countByStatus(settled.map((one) => ({ status: one.status === 'fulfilled' ? one.value.status : (one.reason as CountersignError).code })));
}
