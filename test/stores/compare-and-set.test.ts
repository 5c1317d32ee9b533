import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { CountersignError } from '../../src/core/errors.ts';
import { type CompareAndSet, type CompareAndSetOptions, createCompareAndSet, type VersionedWrite } from '../../src/stores/compare-and-set.ts';
import { createRecordCache } from '../../src/stores/record-cache.ts';
import type { Decide, RecordKey } from '../../src/stores/store.ts';
import { isVersion, locateWrite, toNextVersion } from '../../src/stores/version.ts';
import {
  type CutStore,
  type CutStoreOptions,
  createCutStore,
  createSeededRandom,
  createSimulation,
  DRIVER_SECRET,
  DriverError,
  type Fate,
  type Simulation,
} from './cut-store.ts';

const KEY: RecordKey = { kind: 'destination', partition: '', id: 'a' };

interface World {
  readonly simulation: Simulation;
  readonly store: CutStore;
  /** One process: a loop of its own over the same store. The fates meet its writes (or reads) in turn; later ones go well. */
  open(fates?: { reads?: readonly Fate[]; writes?: readonly Fate[] }, options?: CompareAndSetOptions): CompareAndSet;
}

function createWorld({ seed = 1, random = createSeededRandom(seed), ...options }: Partial<CutStoreOptions> & { seed?: number } = {}): World {
  const simulation = createSimulation();
  const store = createCutStore(simulation, { ...options, random });
  return {
    simulation,
    store,
    open: ({ reads = [], writes = [] } = {}, settings = {}) => {
      const [readFates, writeFates] = [[...reads], [...writes]];
      const driver = store.connect({ read: () => readFates.shift(), write: () => writeFates.shift() });
      return createCompareAndSet(driver, { monotonic: simulation.now, delay: simulation.delay, random, ...settings });
    },
  };
}

/** What a record of these tests holds: who wrote, in turn. */
const toList = (body: string | undefined): string[] => (body === undefined ? [] : (JSON.parse(body) as string[]));
const withOne = (name: string) => (body: string | undefined) => JSON.stringify([...toList(body), name]);
const setTo = (value: string) => () => value;

/** Adds a name and answers the place it got, so that an outcome can be told from that of any other decision. */
function append(name: string, expiresAt?: number): Decide<number> {
  return (current, now) => ({
    result: toList(current).length + 1,
    next: { body: withOne(name)(current), expiresAt },
    entries: [{ at: now, service: '', type: name, destination: '', data: '{}' }],
  });
}

const increment: Decide<number> = (current) => {
  const value = Number(current ?? '0') + 1;
  return { result: value, next: { body: String(value), expiresAt: undefined } };
};

const times = (count: number, run: () => void) => () => {
  for (let turn = 0; turn < count; turn++) run();
};

async function failureOf(promise: Promise<unknown>): Promise<CountersignError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(CountersignError);
  expect(`${String(error)} ${JSON.stringify(error)} ${JSON.stringify((error as Error).cause)}`).not.toContain(DRIVER_SECRET);
  return error as CountersignError;
}

describe('compare and set: calls of one process', () => {
  it('decides a thousand calls at once with one read and one write', async () => {
    const { store, open } = createWorld();
    const { update } = open();
    const places = await Promise.all(Array.from({ length: 1000 }, (_, index) => update(KEY, append(`call-${index}`))));
    expect(places).toEqual(Array.from({ length: 1000 }, (_, index) => index + 1));
    expect(store.counts).toEqual({ reads: 1, writes: 1 });
    expect(store.journal).toHaveLength(1000);
  });

  it('decides more than 1,024 in several goes, without reading again', async () => {
    const { store, open } = createWorld();
    const { update } = open();
    await Promise.all(Array.from({ length: 2500 }, () => update(KEY, increment)));
    expect(store.body(KEY)).toBe('2500');
    expect(store.counts).toEqual({ reads: 1, writes: 3 });
  });

  it('lets calls that come during a batch wait for the next', async () => {
    const { simulation, store, open } = createWorld();
    const { update } = open({ writes: [{ requestTakes: 100 }] });
    const first = update(KEY, append('first'));
    await new Promise<void>((resolve) => void simulation.delay(50, resolve));
    const later = [update(KEY, append('second')), update(KEY, append('third'))];
    expect(await Promise.all([first, ...later])).toEqual([1, 2, 3]);
    expect(store.counts).toEqual({ reads: 1, writes: 2 });
  });

  it('runs different records side by side', async () => {
    const { simulation, open } = createWorld();
    const slow = { requestTakes: 100 };
    const { update } = open({ reads: [slow, slow, slow], writes: [slow, slow, slow] });
    await Promise.all(['a', 'b', 'c'].map((id) => update({ ...KEY, id }, append('only'))));
    expect(simulation.now()).toBe(200);
  });

  it('rejects a call whose decide throws, and that call alone', async () => {
    const { store, open } = createWorld();
    const { update } = open();
    const thrown = new TypeError('mine');
    const calls = [
      update(KEY, append('first')),
      update(KEY, () => {
        throw thrown;
      }),
      update(KEY, append('third')),
    ];
    expect(await Promise.allSettled(calls)).toEqual([
      { status: 'fulfilled', value: 1 },
      { status: 'rejected', reason: thrown },
      { status: 'fulfilled', value: 2 },
    ]);
    expect(toList(store.body(KEY))).toEqual(['first', 'third']);
  });

  it('finishes what is under way when closed, queued calls included, and refuses what comes later', async () => {
    const { simulation, open } = createWorld();
    const { update, close } = open({ writes: [{ requestTakes: 100 }] });
    const first = update(KEY, append('first'));
    await new Promise<void>((resolve) => void simulation.delay(50, resolve));
    const queued = update(KEY, append('second'));
    let closed = false;
    const closing = close().then(() => {
      closed = true;
    });
    expect((await failureOf(update(KEY, append('late')))).code).toBe('store_unavailable');
    expect(closed).toBe(false);
    expect(await Promise.all([first, queued])).toEqual([1, 2]);
    await Promise.all([closing, close()]);
    await open().close();
  });

  it('waits for every record when closed', async () => {
    const { simulation, open } = createWorld();
    const { update, close } = open({ writes: [{ requestTakes: 100 }, { requestTakes: 500 }] });
    const answers = Promise.all(['a', 'b'].map((id) => update({ ...KEY, id }, append('only'))));
    await new Promise<void>((resolve) => void simulation.delay(50, resolve));
    await close();
    expect(simulation.now()).toBe(500);
    expect(await answers).toEqual([1, 1]);
  });

  it('has a clock and timers of its own, and leaves none behind', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const store = createCutStore({ ...createSimulation(), now: () => performance.now() }, { random: createSeededRandom(1) });
      const { update, close } = createCompareAndSet(store.connect());
      expect(await update(KEY, append('first'))).toBe(1);
      const behind = await update(KEY, (current, now) => ({ ...append('second')(current, now), result: store.now() - now }));
      expect(behind).toBeGreaterThanOrEqual(0);
      expect(store.counts).toEqual({ reads: 1, writes: 2 });
      await close();
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  it.each([{ callTimeout: 0 }, { totalTimeout: Number.NaN }, { cacheSize: -1 }])('refuses the setting %j', (options) => {
    const [field = ''] = Object.keys(options);
    const refused = expect.objectContaining({ code: 'configuration_invalid', field, message: expect.stringContaining(field) });
    expect(() => createCompareAndSet(createWorld().store.connect(), options)).toThrow(refused);
  });

  it('can do without a cache', async () => {
    const { store, open } = createWorld();
    const { update } = open({}, { cacheSize: 0 });
    await update(KEY, append('first'));
    await update(KEY, append('second'));
    expect(store.counts).toEqual({ reads: 2, writes: 2 });
  });
});

describe('compare and set: several processes', () => {
  it.each([1, 2, 3])('counts 2 × 500 increments exactly, whatever the order (seed %i)', async (seed) => {
    const { store, simulation, open } = createWorld({ seed });
    const random = createSeededRandom(seed + 100);
    const takes = () => (random(1)[0] ?? 0) % 4;
    const fates = () => Array.from({ length: 4000 }, () => ({ requestTakes: takes(), replyTakes: takes() }));
    const processes = [open({ reads: fates(), writes: fates() }), open({ reads: fates(), writes: fates() })];
    const answers = await Promise.all(
      processes.flatMap(({ update }) =>
        Array.from({ length: 500 }, async (_, turn) => {
          await new Promise<void>((resolve) => void simulation.delay(turn % 97, resolve));
          return update(KEY, increment);
        }),
      ),
    );
    expect(store.body(KEY)).toBe('1000');
    expect(answers.sort((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, index) => index + 1));
  });

  it('tries twice at once after a conflict, then after jitter', async () => {
    const { simulation, store, open } = createWorld();
    simulation.jump(50_000);
    const others: Fate = { before: () => store.writeAsOther(KEY, withOne('other')) };
    const { update } = open({ writes: [others, others] });
    expect(await update(KEY, append('mine'))).toBe(3);
    expect(simulation.now()).toBe(50_000);
    const another = open({ writes: [others, others, others] });
    expect(await another.update(KEY, append('mine'))).toBe(7);
    expect(simulation.now()).toBeGreaterThan(50_000);
    expect(simulation.now()).toBeLessThan(50_001);
  });

  it('takes a deadlock for a conflict: not applied, however many others have written since', async () => {
    const { store, open } = createWorld();
    const fiveOthers: Fate = { before: times(5, () => store.writeAsOther(KEY, withOne('other'))) };
    const { update } = open({ reads: [{}, fiveOthers], writes: [{ reply: 'deadlock' }, { reply: 'deadlock' }] });
    expect(await update(KEY, append('mine'))).toBe(6);
  });

  it('takes a conflict for the same', async () => {
    const { store, open } = createWorld();
    const fiveOthers: Fate = { before: times(5, () => store.writeAsOther(KEY, withOne('other'))) };
    expect(await open({ writes: [fiveOthers] }).update(KEY, append('mine'))).toBe(6);
  });

  it('gives up a record that others always win, after 500 conflicts', async () => {
    const { simulation, store, open } = createWorld();
    const others: Fate = { before: () => store.writeAsOther(KEY, setTo('[]')) };
    const { update } = open({ writes: Array.from({ length: 600 }, () => others) });
    const error = await failureOf(update(KEY, append('mine')));
    expect(error).toMatchObject({
      code: 'store_unavailable',
      message: expect.stringContaining('the cut store has too much contention on one record'),
    });
    expect(store.counts.writes).toBe(500);
    expect(simulation.now()).toBeGreaterThan(1000);
    expect(simulation.now()).toBeLessThan(4000);
  });

  it('names what the driver said of the last conflict, which knows who is in the way, and not of an earlier one', async () => {
    const { simulation, store } = createWorld();
    const said = new CountersignError('store_unavailable', 'a row was locked: end what holds the lock');
    let asked = 0;
    const open = (lastIsLocked: boolean) => {
      const write = async () => {
        asked += 1;
        if (lastIsLocked || asked % 2 === 1) throw said;
        return { applied: false, now: simulation.now() };
      };
      const driver = { ...store.connect(), write, classify: () => 'conflict' as const };
      return createCompareAndSet(driver, { monotonic: simulation.now, delay: simulation.delay });
    };
    expect(await failureOf(open(true).update(KEY, append('A')))).toBe(said);
    asked = 0;
    expect((await failureOf(open(false).update(KEY, append('A')))).message).toContain('too much contention');
  });

  it('gives it up after ten seconds, if each try takes long', async () => {
    const { simulation, store, open } = createWorld();
    const others: Fate = { requestTakes: 300, before: () => store.writeAsOther(KEY, setTo('[]')) };
    const { update } = open({ writes: Array.from({ length: 600 }, () => others) });
    expect((await failureOf(update(KEY, append('mine')))).message).toContain('too much contention');
    expect(simulation.now()).toBeGreaterThanOrEqual(10_000);
    expect(simulation.now()).toBeLessThan(10_500);
  });
});

describe('compare and set: a lost reply', () => {
  const lostAfter = (store: CutStore, others: number): Fate => ({
    reply: 'cut',
    after: times(others, () => store.writeAsOther(KEY, withOne('other'))),
  });

  it.each([0, 1, 2, 3])('is found behind %i writes of others, and its outcome delivered once', async (others) => {
    const { store, open } = createWorld();
    const { update } = open({ writes: [lostAfter(store, others)] });
    expect(await Promise.all([update(KEY, append('mine')), update(KEY, append('mine too'))])).toEqual([1, 2]);
    expect(toList(store.body(KEY))).toEqual(['mine', 'mine too', ...Array<string>(others).fill('other')]);
    expect(store.journal).toHaveLength(2);
  });

  it.each([4, 6])('is not guessed at behind %i', async (others) => {
    const { store, open } = createWorld();
    const { update } = open({ writes: [lostAfter(store, others)] });
    const error = await failureOf(update(KEY, append('mine')));
    expect([error.code, error.cause]).toEqual(['store_unavailable', undefined]);
    expect(toList(store.body(KEY)).filter((name) => name === 'mine')).toHaveLength(1);
    expect(await update(KEY, append('next'))).toBe(others + 2);
  });

  it('is found after a hang, too', async () => {
    const { simulation, store, open } = createWorld();
    const { update } = open({ writes: [{ reply: 'hung' }] });
    expect(await update(KEY, append('mine'))).toBe(1);
    expect(toList(store.body(KEY))).toEqual(['mine']);
    expect(simulation.now()).toBe(2000);
  });

  it('is looked for as long as the batch lives, while reads fail', async () => {
    const { simulation, store, open } = createWorld();
    const { update } = open({ reads: [{}, ...Array.from({ length: 20 }, (): Fate => ({ reply: 'cut' }))], writes: [{ reply: 'cut' }] });
    expect(await update(KEY, append('mine'))).toBe(1);
    expect(toList(store.body(KEY))).toEqual(['mine']);
    expect(simulation.now()).toBeGreaterThan(100);
  });

  it('ends in store_unavailable when reads fail for ten seconds', async () => {
    const { simulation, open } = createWorld();
    const { update } = open({ reads: [{}, ...Array.from({ length: 20 }, (): Fate => ({ reply: 'hung' }))], writes: [{ reply: 'cut' }] });
    const error = await failureOf(update(KEY, append('mine')));
    expect([error.code, error.cause]).toEqual(['store_unavailable', { name: 'TimeoutError' }]);
    expect(simulation.now()).toBeGreaterThanOrEqual(10_000);
    expect(simulation.now()).toBeLessThan(13_000);
  });

  it('does not let a new call into the batch', async () => {
    const { simulation, store, open } = createWorld();
    const { update } = open({ reads: [{}, { requestTakes: 100 }], writes: [{ lands: 'never', reply: 'cut' }] });
    const first = update(KEY, append('first'));
    await new Promise<void>((resolve) => void simulation.delay(50, resolve));
    expect(await Promise.all([first, update(KEY, append('second'))])).toEqual([1, 2]);
    expect(store.counts.writes).toBe(2);
  });

  it('was never written: the batch is decided anew', async () => {
    const { store, open } = createWorld();
    const { update } = open({ writes: [{ lands: 'never', reply: 'cut', after: () => store.writeAsOther(KEY, withOne('other')) }] });
    expect(await update(KEY, append('mine'))).toBe(2);
    expect(toList(store.body(KEY))).toEqual(['other', 'mine']);
  });

  it('was never written and cannot be any more: it is not looked for again', async () => {
    const { simulation, store, open } = createWorld();
    const others = (count: number) => times(count, () => store.writeAsOther(KEY, withOne('other')));
    const { update } = open({ writes: [{ lands: 'never', reply: 'cut', after: others(1) }, { before: others(6) }] });
    expect(await update(KEY, append('mine'))).toBe(8);
    const there = createWorld();
    const lost = there.open({ writes: [{ lands: 'never', reply: 'cut', after: () => there.store.writeAsOther(KEY, setTo('["blocked"]')) }] });
    const decide: Decide<number | 'refused'> = (current, now) => (current === '["blocked"]' ? { result: 'refused' } : append('mine')(current, now));
    const refused = await lost.update(KEY, decide);
    expect([refused, there.simulation.now(), simulation.now()]).toEqual(['refused', 0, 0]);
  });

  it('was never written, to an absent record: the batch is decided anew', async () => {
    const { store, open } = createWorld();
    const { update } = open({ writes: [{ lands: 'never', reply: 'cut' }] });
    expect(await update(KEY, append('mine'))).toBe(1);
    expect(toList(store.body(KEY))).toEqual(['mine']);
  });

  it('is not guessed at when the record is gone', async () => {
    const { store, open } = createWorld();
    store.writeAsOther(KEY, withOne('other'));
    const { update } = open({ writes: [{ lands: 'never', reply: 'cut', after: () => store.records.clear() }] });
    expect((await failureOf(update(KEY, append('mine')))).code).toBe('store_unavailable');
    expect(store.counts.writes).toBe(0);
  });

  it('is not guessed at after a minute, even where the process did not see it pass', async () => {
    const stopped = async (milliseconds: number) => {
      const { simulation, store, open } = createWorld();
      const fates = { reads: [{}, { before: () => simulation.jump(milliseconds) }], writes: [{ lands: 'never', reply: 'cut' } as const] };
      return { answer: open(fates, { monotonic: () => 0 }).update(KEY, append('mine')), store };
    };
    expect(await (await stopped(59_999)).answer).toBe(1);
    const late = await stopped(60_000);
    expect((await failureOf(late.answer)).message).toBe('the cut store lost a reply, and it can no longer be told whether the write happened');
    expect(late.store.body(KEY)).toBeUndefined();
  });

  it('belongs to a write that lands after the batch was decided anew: one of the two is refused', async () => {
    const { store, simulation, open } = createWorld();
    // The second is on its way for longer than the first: the first wins, and the second meets it as a conflict.
    const { update } = open({ writes: [{ lands: 50, reply: 'cut' }, { requestTakes: 100 }] });
    expect(await update(KEY, append('mine'))).toBe(1);
    await simulation.settled();
    expect(toList(store.body(KEY))).toEqual(['mine']);
    const other = createWorld();
    const { update: updateThere } = other.open({ writes: [{ lands: 50, reply: 'cut' }] });
    expect(await updateThere(KEY, append('mine'))).toBe(1);
    await other.simulation.settled();
    expect([toList(other.store.body(KEY)), other.store.counts.writes]).toEqual([['mine'], 2]);
  });

  it('delivers the outcome of the write that landed, not of the one decided anew', async () => {
    const { simulation, store, open } = createWorld();
    const { update } = open({ writes: [{ lands: 50, reply: 'cut' }, { requestTakes: 100 }] });
    const answered = await update(KEY, (_, now) => ({ result: now - store.now(), next: { body: String(simulation.now()), expiresAt: undefined } }));
    expect([answered, store.body(KEY)]).toEqual([0, '0']);
    const decided: string[] = [];
    const slow = createWorld();
    const loop = slow.open({ reads: [{}, { requestTakes: 10 }], writes: [{ lands: 50, reply: 'cut' }, { requestTakes: 100 }] });
    const result = await loop.update(KEY, () => {
      decided.push(`decided at ${slow.simulation.now()}`);
      return { result: decided.at(-1), next: { body: JSON.stringify(decided.at(-1)), expiresAt: undefined } };
    });
    expect(decided).toEqual(['decided at 0', 'decided at 10']);
    expect([result, slow.store.body(KEY)]).toEqual(['decided at 0', '"decided at 0"']);
  });

  it('answers nothing from a decision that writes nothing, while the write before may yet land', async () => {
    const open = (lands: number | 'never') => {
      const world = createWorld();
      const start = world.store.now();
      const { update } = world.open({ reads: [{}, { requestTakes: 1000 }], writes: [{ lands, reply: 'cut' }] });
      // Approved in time, and expired when it is decided anew.
      const decide: Decide<string> = (_, now) =>
        now - start < 500 ? { result: 'approved', next: { body: '"approved"', expiresAt: undefined } } : { result: 'expired' };
      return { ...world, answer: update(KEY, decide) };
    };
    const landing = open(3000);
    expect([await landing.answer, landing.store.body(KEY)]).toEqual(['approved', '"approved"']);
    const lost = open('never');
    expect([await lost.answer, lost.store.body(KEY)]).toEqual(['expired', undefined]);
    expect(lost.simulation.now()).toBeGreaterThan(7000);
    expect(lost.simulation.now()).toBeLessThan(7500);
  });

  it('is found where the client sent the write twice and took its own for a conflict', async () => {
    const { store, open } = createWorld();
    const { update } = open({ writes: [{ reply: 'sent_twice' }] });
    expect(await update(KEY, append('mine'))).toBe(1);
    expect(toList(store.body(KEY))).toEqual(['mine']);
  });

  it('gives up after ten seconds', async () => {
    const { simulation, store, open } = createWorld();
    const { update } = open({ writes: Array.from({ length: 9 }, (): Fate => ({ lands: 'never', reply: 'hung' })) }, { callTimeout: 4000 });
    expect((await failureOf(update(KEY, append('mine')))).message).toBe('the cut store loses its replies');
    expect(simulation.now()).toBeLessThan(12_100);
    await simulation.settled();
    expect(store.body(KEY)).toBeUndefined();
  });

  it('gives up after four in a row', async () => {
    const { simulation, store, open } = createWorld();
    const { update } = open({ writes: Array.from({ length: 9 }, (): Fate => ({ lands: 'never', reply: 'cut' })) });
    let decided = 0;
    const error = await failureOf(
      update(KEY, (current, now) => {
        decided++;
        return append('mine')(current, now);
      }),
    );
    expect([error.code, decided, store.body(KEY)]).toEqual(['store_unavailable', 4, undefined]);
    expect(simulation.now()).toBeGreaterThan(0);
  });

  it('rests on a fail-over that lost the write: decided anew on what is left', async () => {
    const { store, open } = createWorld();
    times(5, () => store.writeAsOther(KEY, withOne('old')))();
    const replica = new Map(store.records);
    times(5, () => store.writeAsOther(KEY, withOne('not replicated')))();
    const failOver = () => {
      store.records.clear();
      for (const [id, record] of replica) store.records.set(id, record);
      store.writeAsOther(KEY, withOne('after'));
    };
    const { update } = open({ writes: [{ reply: 'cut', after: failOver }] });
    expect(await update(KEY, append('mine'))).toBe(7);
    expect(toList(store.body(KEY))).toEqual(['old', 'old', 'old', 'old', 'old', 'after', 'mine']);
  });
});

describe('compare and set: failures', () => {
  it('rejects at once what the server refuses', async () => {
    const { store, open } = createWorld();
    const { update } = open({ writes: [{ reply: 'server_error' }] });
    const error = await failureOf(update(KEY, append('mine')));
    expect([error.code, error.message, error.cause]).toEqual([
      'store_unavailable',
      'the cut store refused a write',
      { name: 'DriverError', code: 'SYNTAX' },
    ]);
    expect(store.body(KEY)).toBeUndefined();
    expect(await update(KEY, append('next'))).toBe(1);
  });

  it('takes an error for unknown where the driver cannot say, or throws over it', async () => {
    const { store, simulation } = createWorld();
    const connected = store.connect({ write: () => ({ reply: 'server_error' }) });
    const { classify: _, ...silent } = connected;
    const throwing = {
      ...connected,
      classify: () => {
        throw new Error('neither');
      },
    };
    for (const driver of [silent, throwing]) {
      const { update } = createCompareAndSet(driver, { monotonic: simulation.now, delay: simulation.delay });
      expect((await failureOf(update(KEY, append('mine')))).message).toContain('loses its replies');
    }
  });

  it('takes a call that hangs for unknown, whatever the driver says of errors', async () => {
    const { store, simulation } = createWorld();
    const fates: Fate[] = [{ reply: 'hung' }];
    const driver = { ...store.connect({ write: () => fates.shift() }), classify: () => 'not_applied' as const };
    const { update } = createCompareAndSet(driver, { monotonic: simulation.now, delay: simulation.delay });
    expect(await update(KEY, append('mine'))).toBe(1);
    expect(toList(store.body(KEY))).toEqual(['mine']);
  });

  it('survives a driver that throws before it returns a promise', async () => {
    const { store, simulation } = createWorld();
    let reads = 0;
    const driver = store.connect();
    const clumsy: typeof driver = {
      ...driver,
      read: (key) => {
        if (reads++ === 0) throw new DriverError('NOT_OPEN');
        return driver.read(key);
      },
    };
    const { update } = createCompareAndSet(clumsy, { monotonic: simulation.now, delay: simulation.delay });
    expect(await update(KEY, append('mine'))).toBe(1);
  });

  it('reads three times, or twice if the store hangs', async () => {
    const { simulation, open } = createWorld();
    const cut: Fate = { reply: 'cut' };
    expect(await open({ reads: [cut, cut] }).update(KEY, append('mine'))).toBe(1);
    const error = await failureOf(open({ reads: [cut, cut, cut] }).update(KEY, append('mine')));
    expect([error.code, error.cause]).toEqual(['store_unavailable', { name: 'DriverError', code: 'ECONNRESET' }]);
    expect(simulation.now()).toBeLessThan(100);
    expect(error.message).toBe('the cut store does not answer');
    expect(await open({ reads: [{ reply: 'hung' }] }).update(KEY, append('mine'))).toBe(2);
    const before = simulation.now();
    await failureOf(open({ reads: [{ reply: 'hung' }, { reply: 'hung' }] }).update(KEY, append('mine')));
    expect(simulation.now() - before).toBeLessThan(4100);
  });

  it.each([
    ['configuration_invalid', 1],
    ['store_unavailable', 3],
  ] as const)('passes on what a driver says in our own words (%s), after %d reads', async (code, reads) => {
    const { simulation, store } = createWorld();
    const said = new CountersignError(code, 'the cut store needs a remedy');
    let asked = 0;
    const read = () => {
      asked++;
      return Promise.reject(said);
    };
    const driver = { ...store.connect(), read, write: () => Promise.reject(said), classify: () => 'not_applied' as const };
    const options = { monotonic: simulation.now, delay: simulation.delay };
    expect(await failureOf(createCompareAndSet(driver, options).update(KEY, append('A')))).toBe(said);
    expect(asked).toBe(reads);
    const writing = createCompareAndSet({ ...driver, read: store.connect().read }, options);
    expect(await failureOf(writing.update(KEY, append('A')))).toBe(said);
  });

  it('says that a write may have happened, whatever a driver says of the reads after it', async () => {
    const { simulation, store } = createWorld();
    let isCut = false;
    const said = new CountersignError('configuration_invalid', 'the cut store needs a remedy');
    const driver = {
      ...store.connect(),
      read: (key: RecordKey) => (isCut ? Promise.reject(said) : store.connect().read(key)),
      write: () => {
        isCut = true;
        return Promise.reject(new DriverError('ECONNRESET'));
      },
    };
    const { update } = createCompareAndSet(driver, { monotonic: simulation.now, delay: simulation.delay });
    const error = await failureOf(update(KEY, append('A')));
    expect(error).toMatchObject({ code: 'store_unavailable', message: expect.stringContaining('the write may have happened') });
  });

  it('refuses a version that nobody here wrote', async () => {
    const { store, open } = createWorld();
    store.records.set('destination\0\0a', { body: '[]', version: '17', expiresAt: undefined });
    const error = await failureOf(open().update(KEY, append('mine')));
    expect(error).toMatchObject({
      code: 'store_unavailable',
      message: expect.stringMatching(/^the cut store holds a record whose version nothing here has written: .* backup back$/),
    });
    expect(store.body(KEY)).toBe('[]');
  });
});

describe('compare and set: time', () => {
  /** Reads in time, stands still for so long, and writes; `expired` if it sees in time that it is too late. */
  const approveAfterStall = ({ simulation, store }: World, stall: number): { decide: Decide<string>; decided: number[] } => {
    const expiresAt = store.now() + 3000;
    const decided: number[] = [];
    return {
      decided,
      decide: (_, now) => {
        decided.push(now);
        if (decided.length === 1) simulation.jump(stall);
        return {
          result: now < expiresAt ? 'approved' : 'expired',
          next: { body: now < expiresAt ? '"approved"' : '"expired"', expiresAt: undefined },
        };
      },
    };
  };

  it.each([5001, 8000, 60_000])('a process that stood still for %i ms between read and write decides again', async (stall) => {
    const world = createWorld();
    const { decide, decided } = approveAfterStall(world, stall);
    expect(await world.open().update(KEY, decide)).toBe('expired');
    expect(world.store.body(KEY)).toBe('"expired"');
    expect(decided[1]! - decided[0]!).toBe(stall);
  });

  it('without the age in the write it would approve what has expired', async () => {
    const world = createWorld({ checksAge: false });
    expect(await world.open().update(KEY, approveAfterStall(world, 8000).decide)).toBe('approved');
  });

  it.each([
    [true, [0, 66_000], 66_000],
    [false, [0], 0],
  ])('an insert that stood still does not meet the absence after an expiry (age compared: %s)', async (checksAge, decidedAt, answer) => {
    const { simulation, store, open } = createWorld({ checksAge });
    const start = store.now();
    const decided: number[] = [];
    const result = await open().update(KEY, (current, now) => {
      decided.push(now - start);
      if (decided.length === 1) {
        // Another process creates the record, and a message goes out for it; it expires before this process goes on.
        store.writeAsOther(KEY, setTo('{}'));
        simulation.jump(66_000);
        store.records.clear();
      }
      expect(current).toBeUndefined();
      return { result: now - start, next: { body: '{}', expiresAt: undefined } };
    });
    expect([decided, result]).toEqual([decidedAt, answer]);
  });

  it.each([
    [true, undefined],
    [false, '["mine"]'],
  ])('nor does one that was under way for so long (age compared: %s)', async (checksAge, body) => {
    const { simulation, store, open } = createWorld({ checksAge });
    const { update } = open({ writes: [{ lands: 70_000, reply: 'hung' }] });
    expect(await update(KEY, append('mine', 0))).toBe(1);
    simulation.delay(67_500, store.sweep);
    await simulation.settled();
    expect(store.body(KEY)).toBe(body);
  });

  it('keeps every record for at least a minute after its write, whatever its rules say', async () => {
    const { store, open } = createWorld();
    const { update } = open({ writes: [{ requestTakes: 1500 }] });
    await update(KEY, append('mine', 5));
    const record = store.records.get('destination\0\0a');
    expect(record?.expiresAt).toBeGreaterThanOrEqual(store.now() + 60_000);
    await update(KEY, append('mine', store.now() + 500_000));
    expect(store.records.get('destination\0\0a')?.expiresAt).toBe(store.now() + 500_000);
    await update(KEY, append('mine'));
    expect(store.records.get('destination\0\0a')?.expiresAt).toBeUndefined();
  });
});

describe('compare and set: records just written', () => {
  it('saves the read for four seconds', async () => {
    const { simulation, store, open } = createWorld();
    const { update } = open();
    await update(KEY, append('first'));
    simulation.jump(4000);
    await update(KEY, append('second'));
    expect(store.counts).toEqual({ reads: 1, writes: 2 });
    simulation.jump(4001);
    await update(KEY, append('third'));
    expect(store.counts).toEqual({ reads: 2, writes: 3 });
  });

  it('dates a decision by the time since the reply came: behind the store by what the reply took, never ahead', async () => {
    const { simulation, store, open } = createWorld();
    const { update } = open({ writes: [{ requestTakes: 300, replyTakes: 200 }] });
    await update(KEY, append('first'));
    simulation.jump(1000);
    const behind = await update(KEY, (current, now) => ({ ...append('second')(current, now), result: store.now() - now }));
    expect([behind, store.counts.reads]).toEqual([200, 1]);
  });

  it('does not date one between two milliseconds', async () => {
    const { simulation, store, open } = createWorld();
    const { update } = open();
    await update(KEY, append('first'));
    simulation.jump(0.75);
    const now = await update(KEY, (current, time) => ({ ...append('second')(current, time), result: time }));
    expect([now, store.counts.reads]).toEqual([Math.floor(store.now()), 1]);
  });

  it('reads again before it answers what writes nothing: another process may have cleared the record', async () => {
    const { store, open } = createWorld();
    const { update } = open();
    const guess: Decide<string> = (current) =>
      current === '5'
        ? { result: 'max_attempts_reached' }
        : { result: 'wrong_code', next: { body: String(Number(current ?? '0') + 1), expiresAt: undefined } };
    for (let turn = 0; turn < 5; turn++) expect(await update(KEY, guess)).toBe('wrong_code');
    store.writeAsOther(KEY, setTo('0'));
    expect(await update(KEY, guess)).toBe('wrong_code');
    expect(store.body(KEY)).toBe('1');
  });

  it('reads again before it passes on a throw', async () => {
    const { store, open } = createWorld();
    const { update } = open();
    await update(KEY, append('first'));
    store.writeAsOther(KEY, setTo('[]'));
    const picky: Decide<number> = (current, now) => {
      if (toList(current).length > 0) throw new TypeError('not empty');
      return append('mine')(current, now);
    };
    expect(await update(KEY, picky)).toBe(1);
  });

  it('forgets a record after a conflict, and after an error', async () => {
    const { store, open } = createWorld();
    const { update } = open({ writes: [{}, {}, { reply: 'server_error' }] });
    await update(KEY, append('first'));
    store.writeAsOther(KEY, withOne('other'));
    const seen: string[][] = [];
    const look =
      (name: string): Decide<number> =>
      (current, now) => {
        seen.push(toList(current));
        return append(name)(current, now);
      };
    // Decided on the cached record, refused by its version; the server refuses the second try; the third call starts from what is there.
    await failureOf(update(KEY, look('second')));
    expect(await update(KEY, look('third'))).toBe(3);
    expect(seen).toEqual([['first'], ['first', 'other'], ['first', 'other']]);
  });

  it('remembers so many and no more, the oldest go first, and no long ones', () => {
    let time = 10_000;
    const cache = createRecordCache(2, () => time);
    const record = { version: 'v', body: 'b', now: 100 };
    for (const id of ['a', 'b', 'c']) cache.put(id, record);
    expect([cache.take('a'), cache.take('b'), cache.take('b')]).toEqual([undefined, record, undefined]);
    expect(cache.take('c')).toEqual(record);
    cache.put('long', { ...record, body: 'x'.repeat(8192) });
    expect(cache.take('long')?.body).toHaveLength(8192);
    cache.put('long', { ...record, body: 'x'.repeat(8193) });
    expect(cache.take('long')).toBeUndefined();
    cache.put('a', record);
    time += 4001;
    expect(cache.take('a')).toBeUndefined();
    const none = createRecordCache(0, () => time);
    none.put('a', record);
    expect(none.take('a')).toBeUndefined();
  });
});

describe('compare and set: versions', () => {
  const COUNTER_ONLY = (size: number) => new Uint8Array(size);

  it.each([
    ['with random bits it is refused, and decided again on what is there', undefined, ['mine', 'blocked by an operator', 'refused']],
    ['with counters alone it overwrites the block', COUNTER_ONLY, ['mine', 'mine, again']],
  ])('a write on a record that a restored dump made forget: %s', async (_, random, expected) => {
    const { store, open } = createWorld(random && { random });
    const { update } = open();
    const dump = new Map(store.records);
    await update(KEY, append('mine'));
    store.records.clear();
    for (const [id, record] of dump) store.records.set(id, record);
    store.writeAsOther(KEY, () => JSON.stringify(['mine', 'blocked by an operator']));
    await update(KEY, (current, now) => append(toList(current).includes('blocked by an operator') ? 'refused' : 'mine, again')(current, now));
    expect(toList(store.body(KEY))).toEqual(expected);
  });

  it.each([
    ['with random bits it is not mistaken for another', undefined, 2],
    ['with counters alone it is, and the answer is of a write that never was', COUNTER_ONLY, 1],
  ])('a lost write whose counter another took: %s', async (_, random, expected) => {
    const { store, open } = createWorld(random && { random });
    const { update } = open({ writes: [{ lands: 'never', reply: 'cut', after: () => store.writeAsOther(KEY, withOne('other')) }] });
    expect(await update(KEY, append('mine'))).toBe(expected);
    expect(toList(store.body(KEY))).toHaveLength(expected);
  });

  it('are new with each write, count on, and keep the three before', async () => {
    const { store, open } = createWorld();
    const { update } = open();
    const written: string[] = [];
    for (let turn = 0; turn < 40; turn++) {
      await update(KEY, append('mine'));
      written.push(store.records.get('destination\0\0a')?.version ?? '');
    }
    const tokens = written.map((version) => version.split(' ')[0] ?? '');
    expect(new Set(tokens).size).toBe(40);
    expect(tokens.map((token) => token.split('.')[0])).toEqual(Array.from({ length: 40 }, (_, index) => (index + 1).toString(36)));
    expect(written[39]?.split(' ')).toEqual(tokens.slice(-4).reverse());
    expect(written.every(isVersion)).toBe(true);
  });

  it('have bits of their own without a source of them given, each used once', async () => {
    const { store, simulation } = createWorld();
    const written = new Set<string>();
    const driver = store.connect({
      write: ({ version }) => {
        written.add(version.split('.')[1]?.slice(0, 8) ?? '');
        return undefined;
      },
    });
    const { update } = createCompareAndSet(driver, { monotonic: simulation.now, delay: simulation.delay });
    for (let turn = 0; turn < 2000; turn++) await update(KEY, increment);
    expect(written.size).toBe(2000);
    expect([...written].every((bits) => /^[\w-]{8}$/.test(bits))).toBe(true);
  });

  it('fit into 83 characters at the last safe counter', () => {
    const token = `${(Number.MAX_SAFE_INTEGER - 1).toString(36)}.AAAAAAAA`;
    const { version } = toNextVersion([token, token, token, token].join(' '), createSeededRandom(1));
    expect(version).toHaveLength(83);
    expect(isVersion(version)).toBe(true);
  });

  it.each(['', '17', 'x 1.AAAAAAAA', '1.AAAAAAAA ', '1.AAAAAAA', '1.AAAAAAAA 1.BBBB', 'A.AAAAAAAA'])('do not look like %j', (text) => {
    expect(isVersion(text)).toBe(false);
  });

  it('tell where a write stands', () => {
    const ours = { token: '5.aaaaaaaa', expected: '4.bbbbbbbb 3.cccccccc' };
    expect(locateWrite(ours, '8.h 7.g 6.f 5.aaaaaaaa')).toBe('applied');
    expect(locateWrite(ours, ours.expected)).toBe('pending');
    expect(locateWrite(ours, '8.h 7.g 6.f 5.e')).toBe('void');
    expect(locateWrite(ours, '9.i 8.h 7.g 6.f')).toBe('untellable');
    expect(locateWrite(ours, undefined)).toBe('untellable');
    expect(locateWrite(ours, '2.z 1.y')).toBe('void');
    expect(locateWrite({ ...ours, token: '1.aaaaaaaa', expected: undefined }, undefined)).toBe('pending');
  });
});

describe('compare and set: any schedule', () => {
  const milliseconds = fc.oneof({ weight: 4, arbitrary: fc.nat(20) }, { weight: 1, arbitrary: fc.nat(3000) });
  const fates = fc.array(
    fc.record(
      {
        requestTakes: milliseconds,
        replyTakes: milliseconds,
        lands: fc.oneof(fc.constantFrom('now' as const, 'now' as const, 'never' as const), fc.nat(7000)),
        othersBefore: fc.nat(2),
        othersAfter: fc.nat(5),
        reply: fc.constantFrom('sent', 'sent', 'cut', 'cut', 'hung', 'deadlock', 'server_error'),
      },
      { requiredKeys: [] },
    ),
    { maxLength: 8 },
  );
  const calls = fc.array(
    fc.record({ process: fc.nat(2), at: fc.nat(4000), refusedFrom: fc.nat(6000), stall: fc.constantFrom(0, 0, 0, 0, 3000, 9000) }),
    {
      minLength: 1,
      maxLength: 20,
    },
  );
  const schedule = fc.record({ seed: fc.nat(), reads: fc.tuple(fates, fates, fates), writes: fc.tuple(fates, fates, fates), calls });
  type Schedule = typeof schedule extends fc.Arbitrary<infer T> ? T : never;

  /** Runs three processes over one store, until the last late write has landed, and checks every answer against the record. */
  async function play({ seed, reads, writes, calls }: Schedule, options: Partial<CutStoreOptions> = {}): Promise<void> {
    const { simulation, store, open } = createWorld({ ...options, seed });
    const start = store.now();
    const toFates = (list: Schedule['reads'][number]) =>
      list.map(({ othersBefore = 0, othersAfter = 0, ...fate }): Fate => {
        const other = () => store.writeAsOther(KEY, withOne('other'));
        return { ...fate, before: times(othersBefore, other), after: times(othersAfter, other) };
      });
    // Only their times and their cuts matter to a read.
    const toReadFates = (list: Schedule['reads'][number]) => toFates(list).map(({ lands: _, before: __, after: ___, ...fate }) => fate);
    const processes = [0, 1, 2].map((index) => open({ reads: toReadFates(reads[index] ?? []), writes: toFates(writes[index] ?? []) }));
    const answers = await Promise.all(
      calls.map(async ({ process, at, refusedFrom, stall }, index) => {
        await new Promise<void>((resolve) => void simulation.delay(at, resolve));
        const name = `call-${index}`;
        let stalls = stall > 0;
        const decide: Decide<number | 'refused'> = (current, now) => {
          if (now - start >= refusedFrom) return { result: 'refused' };
          const decision = append(name)(current, now);
          if (stalls) simulation.jump(stall);
          stalls = false;
          return decision;
        };
        const answer = await processes[process]?.update(KEY, decide).catch((error: unknown) => error);
        return { name, answer };
      }),
    );
    await simulation.settled();

    const list = toList(store.body(KEY));
    const journal = store.journal.map(({ type }) => type);
    expect(journal).toEqual(list.filter((name) => name !== 'other'));
    expect(new Set(journal).size).toBe(journal.length);
    for (const { name, answer } of answers) {
      const place = list.indexOf(name) + 1;
      if (answer === 'refused') expect(place).toBe(0);
      else if (typeof answer === 'number') expect(answer).toBe(place);
      else expect(answer).toMatchObject({ code: 'store_unavailable' });
    }
    const acknowledged = answers.filter(({ answer }) => typeof answer === 'number').length;
    const unknown = answers.filter(({ answer }) => answer instanceof CountersignError).length;
    expect(journal.length).toBeGreaterThanOrEqual(acknowledged);
    expect(journal.length).toBeLessThanOrEqual(acknowledged + unknown);
  }

  it('loses no acknowledged write, applies none twice, and answers each with what was committed for it', async () => {
    await fc.assert(
      fc.asyncProperty(schedule, (drawn) => play(drawn)),
      { numRuns: 1000 },
    );
  });

  it.each([{ checksVersion: false }])('notices a driver with %j', async (broken) => {
    const found = await fc.check(
      fc.asyncProperty(schedule, (drawn) => play(drawn, broken)),
      { numRuns: 300, seed: 1, endOnFailure: true },
    );
    expect(found.failed).toBe(true);
  });
});

describe('compare and set: what a driver is given', () => {
  it('is all it needs', async () => {
    const { store, simulation, open } = createWorld();
    await open().update(KEY, append('first'));
    const before = store.records.get('destination\0\0a')?.version;
    simulation.jump(100);
    const seen: VersionedWrite[] = [];
    const driver = store.connect({
      write: (write) => {
        seen.push(write);
        return undefined;
      },
    });
    await createCompareAndSet(driver, { monotonic: simulation.now, delay: simulation.delay }).update(KEY, append('second'));
    expect(seen).toEqual([
      {
        key: KEY,
        expected: before,
        version: store.records.get('destination\0\0a')?.version,
        body: '["first","second"]',
        expiresAt: undefined,
        readAt: store.now(),
        entries: [{ at: store.now(), service: '', type: 'second', destination: '', data: '{}' }],
      },
    ]);
  });
});
