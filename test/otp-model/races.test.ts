import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OtpModelOptions, TooManyRequests } from '../../src/otp-model.ts';
import { createMemoryStore } from '../../src/stores/memory.ts';
import { createSqliteStore } from '../../src/stores/sqlite.ts';
import type { FakeClock } from '../../src/testing/fake-clock.ts';
import { useTemporaryFiles } from '../stores/sqlite-files.ts';
import { createTwilioDouble, type TwilioDouble } from '../twilio/double.ts';
import { CLAIM, expectThrown, openSeed, type Seed, toSettings, WAITS } from './seed.ts';

const toPath = useTemporaryFiles();

/** The seed's flow up to the count, as its application ran it for each request. */
async function send({ create }: Seed, userId = 'ada'): Promise<string> {
  const otp = create();
  const counter = await otp.checkCount('sign-up', userId);
  await otp.verification();
  return otp.addCount(counter);
}

const times = <T>(count: number, work: (call: number) => Promise<T>) => Promise.allSettled(Array.from({ length: count }, (_, call) => work(call)));
const isDone = ({ status }: PromiseSettledResult<unknown>) => status === 'fulfilled';
const reasonOf = (settled: PromiseSettledResult<unknown>): unknown => (settled.status === 'rejected' ? settled.reason : undefined);

const STORES = {
  memory: (clock: FakeClock) => createMemoryStore({ clock }),
  sqlite: (clock: FakeClock) => createSqliteStore({ path: toPath(), clock }),
};

describe.each(Object.keys(STORES) as (keyof typeof STORES)[])('several at once, on %s', (name) => {
  const createStore = STORES[name];

  it.each([2, 50])('I5 %i whole flows for one user send one message and climb one rung', async (count) => {
    const seed = await openSeed({ createStore });
    const until = seed.clock.now() + WAITS[0];
    const settled = await times(count, () => send(seed));
    expect(settled.filter(isDone)).toMatchObject([{ value: new Date(until).toISOString() }]);
    expect(seed.double.messages).toHaveLength(1);
    for (const one of settled) if (!isDone(one)) expect(reasonOf(one)).toBeInstanceOf(TooManyRequests);
    seed.clock.set(until);
    expect(await seed.create().checkCount('sign-up', 'ada')).toMatchObject({ count: 1 });
  });

  it('I5 flows for one number under other names send one message: the budget is the destination’s', async () => {
    const seed = await openSeed({ createStore });
    const settled = await times(20, (call) => send(seed, `user ${call}`));
    expect(settled.filter(isDone)).toHaveLength(1);
    expect(seed.double.messages).toHaveLength(1);
    for (const one of settled) if (!isDone(one)) expect(reasonOf(one)).toBeInstanceOf(TooManyRequests);
  });

  it('I5 a hundred addCount with one counter climb one rung, and say when the next may', async () => {
    const { clock, create } = await openSeed({ createStore });
    const counter = await create().checkCount('sign-up', 'ada');
    const until = clock.now() + WAITS[0];
    const settled = await times(100, () => create().addCount(counter));
    expect(settled.filter(isDone)).toHaveLength(1);
    for (const one of settled) if (!isDone(one)) expect(reasonOf(one)).toMatchObject({ status: 429, code: 'conflict', retryAt: new Date(until) });
    clock.set(until);
    expect(await create().checkCount('sign-up', 'ada')).toMatchObject({ count: 1 });
  });

  it('I5 a hundred checkCount of a new pair make one record, and one passes', async () => {
    const { clock, create, store } = await openSeed({ createStore });
    const settled = await times(100, () => create().checkCount('sign-up', 'ada'));
    expect(settled.filter(isDone)).toHaveLength(1);
    expect(await store.list('counter', '', undefined, 10)).toHaveLength(1);
    const reasons = settled.filter((one) => !isDone(one)).map(reasonOf);
    for (const reason of reasons) expect(reason).toMatchObject({ status: 429, code: 'in_progress', retryAt: new Date(clock.now() + 15_000) });
  });

  it("gives each call Twilio's answer to its own request", async () => {
    const seed = await openSeed({ createStore });
    const numbers = Array.from({ length: 20 }, (_, place) => `+141555526${String(place).padStart(2, '0')}`);
    const sent = await Promise.all(numbers.map((number) => seed.create({}, number).verification()));
    expect(sent.map(({ to }) => to)).toEqual(numbers);
    const checked = await Promise.all(numbers.map((number) => seed.create({}, number).verificationCheck(seed.double.codeFor(number))));
    expect(checked.map(({ to, sid }) => [to, sid])).toEqual(sent.map(({ to, sid }) => [to, sid]));
  });
});

/** One process with the seed's application in it. */
class Child {
  readonly #process: ChildProcess = fork(fileURLToPath(new URL('otp-model-child.js', import.meta.url)), {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });

  async tell(order: string, given?: unknown): Promise<unknown> {
    const told = once(this.#process, 'message');
    this.#process.send({ order, given });
    const [{ answer }] = await told;
    return answer;
  }

  async end(): Promise<void> {
    const ended = once(this.#process, 'exit');
    this.#process.disconnect();
    await ended;
  }
}

/** What a flow came to in a process. */
interface Told {
  readonly status?: string;
  readonly count?: number;
  readonly waitsUntil?: string;
  readonly thrown?: string;
  readonly code?: string;
  readonly retryAt?: string;
}

describe('two processes on one SQLite file', () => {
  let double: TwilioDouble;
  let children: readonly [Child, Child];

  beforeAll(async () => {
    if (!existsSync(new URL('../../dist/otp-model.js', import.meta.url)))
      throw new Error('dist/ is not built: run "npm test", which builds it first');
    double = await createTwilioDouble();
    children = [new Child(), new Child()];
  });
  afterAll(async () => {
    for (const child of children) await child.end();
    await double.close();
  });

  const both = (order: string, given?: unknown) => Promise.all(children.map((child) => child.tell(order, given)));

  it('I5 two whole flows at once for one user send one message and climb one rung', async () => {
    const settings: OtpModelOptions = { ...toSettings(double), database: toPath() };
    await both('open', settings);
    for (let round = 10; round < 30; round++) {
      const flow = { phoneNumber: `+141555527${round}`, uniqueId: 'sign-up', userId: `user ${round}` };
      const told = (await both('run', [flow])).flat() as Told[];
      expect(told.filter(({ status }) => status === 'pending')).toMatchObject([{ count: 0 }]);
      expect(told.filter(({ thrown }) => thrown === 'TooManyRequests')).toHaveLength(1);
      expect(double.messages.filter(({ to }) => to === flow.phoneNumber)).toHaveLength(1);
      const until = told.find(({ waitsUntil }) => waitsUntil !== undefined)?.waitsUntil;
      const after = (await both('run', [flow])).flat();
      expect(after).toEqual(Array(2).fill({ thrown: 'TooManyRequests', code: 'resend_too_soon', retryAt: until }));
    }
    await both('close');
  });

  it('I5 forty flows at once for each of ten users send ten messages', async () => {
    const settings: OtpModelOptions = { ...toSettings(double), database: toPath() };
    await both('open', settings);
    const flows = Array.from({ length: 200 }, (_, call) => ({
      phoneNumber: `+141555528${10 + (call % 10)}`,
      uniqueId: 'sign-up',
      userId: `user ${call % 10}`,
    }));
    const told = (await both('run', flows)).flat() as Told[];
    expect(told.filter(({ status }) => status === 'pending')).toHaveLength(10);
    expect(told.filter(({ thrown }) => thrown === 'TooManyRequests')).toHaveLength(390);
    expect(double.messages.filter(({ to }) => to.startsWith('+141555528'))).toHaveLength(10);
    await both('close');
  });
});

describe('a process that ends between the check and the count', () => {
  it('I5 holds others back for 15 s, and no longer', async () => {
    const seed = await openSeed();
    await seed.create().checkCount('sign-up', 'ada');
    await seed.create().verification();
    const until = seed.clock.now() + CLAIM;
    seed.clock.set(until - 1);
    await expectThrown(seed.create().checkCount('sign-up', 'ada'), TooManyRequests, 'in_progress', until);
    seed.clock.set(until);
    const next = await seed.create().checkCount('sign-up', 'ada');
    // The message that was not counted counts for its number all the same.
    const spaced = until - CLAIM + 30_000;
    await expectThrown(seed.create().verification(), TooManyRequests, 'resend_too_soon', spaced);
    expect(await seed.create().addCount(next)).toBe(new Date(until + WAITS[0]).toISOString());
    seed.clock.set(spaced - 1);
    await expectThrown(seed.create().verification(), TooManyRequests, 'resend_too_soon', spaced);
    seed.clock.set(spaced);
    expect(await seed.create().verification()).toMatchObject({ status: 'pending' });
    expect(seed.double.messages).toHaveLength(2);
  });
});
