import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CountersignError, type ErrorCode } from '../../src/core/errors.ts';
import {
  type Decide,
  JOURNAL_RETENTION,
  type JournalEntry,
  type JournalFilter,
  MAX_WRITE_AGE,
  MIN_RECORD_AGE,
  type RecordKey,
  type Store,
} from '../../src/stores/store.ts';

/** A clock that stands until it is moved. */
export interface TestClock {
  now(): number;
  advance(milliseconds: number): void;
}

export const START = 1_800_000_000_000;
export const MINUTE = 60_000;
export const HOUR = 3_600_000;

export function createTestClock(): TestClock {
  let now = START;
  return {
    now: () => now,
    advance: (milliseconds) => {
      now += milliseconds;
    },
  };
}

export function keyOf(id: string, { kind = 'test', partition = '' }: Partial<RecordKey> = {}): RecordKey {
  return { kind, partition, id };
}

/** Counts a record up by one and answers the new count. */
export const increment: Decide<number> = (current) => {
  const count = Number(current ?? '0') + 1;
  return { result: count, next: { body: String(count), expiresAt: undefined } };
};

/** Puts `body` into a record, whatever was there. */
export function put(body: string, expiresAt?: number): Decide<undefined> {
  return () => ({ result: undefined, next: { body, expiresAt } });
}

export function entry(fields: Partial<JournalEntry> = {}): JournalEntry {
  return { at: START, service: 'default', type: 'check', destination: 'someone', data: '{}', ...fields };
}

/** The code of the `CountersignError` that a promise rejects with. */
export async function codeOf(promise: Promise<unknown>): Promise<ErrorCode | 'resolved'> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error === undefined) return 'resolved';
  expect(error).toBeInstanceOf(CountersignError);
  return (error as CountersignError).code;
}

/**
 * What every store owes its callers, whatever it is made of.
 *
 * @param notesWithoutNext whether journal entries of a decision that writes nothing are kept, which the contract leaves open.
 */
export function itBehavesAsAStore(
  open: (clock: TestClock) => Store,
  { notesWithoutNext = true }: { readonly notesWithoutNext?: boolean } = {},
): void {
  let clock: TestClock;
  let store: Store;

  beforeEach(() => {
    clock = createTestClock();
    store = open(clock);
  });
  afterEach(() => store.close());

  const bodyOf = async (key: RecordKey) => (await store.read(key)).body;
  const allEntries = async (filter: Partial<JournalFilter> = {}) => (await store.entries({ limit: 1000, ...filter }, undefined)).entries;

  describe('update', () => {
    it('makes a record, and replaces it', async () => {
      const seen: unknown[] = [];
      const decide: Decide<string> = (current, now) => {
        seen.push([current, now]);
        return { result: `was ${current}`, next: { body: `${current}+`, expiresAt: undefined } };
      };
      expect(await store.update(keyOf('a'), decide)).toBe('was undefined');
      clock.advance(5);
      expect(await store.update(keyOf('a'), decide)).toBe('was undefined+');
      expect(seen).toEqual([
        [undefined, START],
        ['undefined+', START + 5],
      ]);
      expect(await store.read(keyOf('a'))).toEqual({ body: 'undefined++', now: START + 5 });
    });

    it('writes nothing where the decision holds nothing to write', async () => {
      expect(await store.update(keyOf('a'), () => ({ result: 'no' }))).toBe('no');
      expect(await bodyOf(keyOf('a'))).toBeUndefined();
      await store.update(keyOf('a'), put('kept'));
      expect(await store.update(keyOf('a'), (current) => ({ result: current }))).toBe('kept');
      expect(await bodyOf(keyOf('a'))).toBe('kept');
    });

    it('counts 1,000 calls at once on one record exactly, in the order they were made', async () => {
      const results = await Promise.all(Array.from({ length: 1000 }, () => store.update(keyOf('a'), increment)));
      expect(results).toEqual(Array.from({ length: 1000 }, (_, index) => index + 1));
      expect(await bodyOf(keyOf('a'))).toBe('1000');
    });

    it('counts calls at once on many records exactly', async () => {
      await Promise.all(Array.from({ length: 2000 }, (_, index) => store.update(keyOf(`r${index % 50}`), increment)));
      const bodies = await Promise.all(Array.from({ length: 50 }, (_, index) => bodyOf(keyOf(`r${index}`))));
      expect(new Set(bodies)).toEqual(new Set(['40']));
    });

    it('tells records apart by kind, partition and id', async () => {
      const keys = [keyOf('x'), keyOf('x', { kind: 'other' }), keyOf('x', { partition: 'p' }), keyOf('X'), keyOf('x '), keyOf('')];
      await Promise.all(keys.map((key, index) => store.update(key, put(`body ${index}`))));
      expect(await Promise.all(keys.map(bodyOf))).toEqual(keys.map((_, index) => `body ${index}`));
    });

    it('keeps the key it was called with', async () => {
      const key = { kind: 'test', partition: '', id: 'first' };
      const done = store.update(key, put('one'));
      key.id = 'second';
      await done;
      expect(await bodyOf(keyOf('first'))).toBe('one');
      expect(await bodyOf(keyOf('second'))).toBeUndefined();
    });

    it('rejects a call whose decide throws, alone, and goes on from the record before it', async () => {
      const thrown = new Error('mine');
      const results = await Promise.allSettled([
        store.update(keyOf('a'), increment),
        store.update(keyOf('a'), () => {
          throw thrown;
        }),
        store.update(keyOf('a'), increment),
        store.update(keyOf('b'), increment),
      ]);
      expect(results.map((result) => (result.status === 'fulfilled' ? result.value : result.reason))).toEqual([1, thrown, 2, 1]);
      expect(await bodyOf(keyOf('a'))).toBe('2');
    });

    it('takes calls made while answers are delivered', async () => {
      const chain = async () => {
        for (let left = 50; left > 0; left -= 1) await store.update(keyOf('a'), increment);
      };
      await Promise.all(Array.from({ length: 8 }, chain));
      expect(await bodyOf(keyOf('a'))).toBe('400');
    });

    it('decides again when the clock has moved by more than 5 s since the record was read', async () => {
      const times: number[] = [];
      const slow: Decide<number> = (_, now) => {
        times.push(now);
        if (times.length === 1) clock.advance(MAX_WRITE_AGE + 1);
        return { result: now, next: { body: String(now), expiresAt: undefined } };
      };
      expect(await store.update(keyOf('a'), slow)).toBe(START + MAX_WRITE_AGE + 1);
      expect(times).toEqual([START, START + MAX_WRITE_AGE + 1]);
      expect(await bodyOf(keyOf('a'))).toBe(String(START + MAX_WRITE_AGE + 1));
    });

    it('writes where the clock has moved by 5 s and no more', async () => {
      const slow: Decide<number> = (_, now) => {
        clock.advance(MAX_WRITE_AGE);
        return { result: now, next: { body: 'x', expiresAt: undefined } };
      };
      expect(await store.update(keyOf('a'), slow)).toBe(START);
    });

    it('gives up where every decision takes longer, and has written nothing', async () => {
      const slow: Decide<number> = (_, now) => {
        clock.advance(MAX_WRITE_AGE + 1);
        return { result: now, next: { body: 'x', expiresAt: undefined }, entries: [entry()] };
      };
      expect(await codeOf(store.update(keyOf('a'), slow))).toBe('store_unavailable');
      expect(await bodyOf(keyOf('a'))).toBeUndefined();
      expect(await allEntries()).toEqual([]);
      expect(await store.update(keyOf('a'), increment)).toBe(1);
    });
  });

  describe('what it keeps', () => {
    it.each([
      ['nothing', ''],
      ['letters of every width', 'aé€\u{1F600}\uFFFD\u{10FFFF}'],
      ['control characters', 'a\u0001\n\t\u001f\u007f'],
      ['256 KiB', 'x'.repeat(262_144)],
      ['256 KiB of wide letters', '€'.repeat(87_381)],
    ])('keeps a body of %s as it is', async (_, body) => {
      await store.update(keyOf('a'), put(body));
      expect(await bodyOf(keyOf('a'))).toBe(body);
    });

    it.each([
      ['a NUL', 'a\0b'],
      ['half a surrogate pair', 'a\uD800b'],
      ['more than 256 KiB', 'x'.repeat(262_145)],
      ['more than 256 KiB as UTF-8', '€'.repeat(87_382)],
    ])('refuses a body with %s, of that call alone', async (_, body) => {
      const calls = [store.update(keyOf('a'), increment), store.update(keyOf('a'), put(body)), store.update(keyOf('a'), increment)];
      expect(await Promise.all(calls.map(codeOf))).toEqual(['resolved', 'store_unavailable', 'resolved']);
      expect(await bodyOf(keyOf('a'))).toBe('2');
    });

    it.each([Number.NaN, Number.POSITIVE_INFINITY])('refuses %s as a time of expiry', async (expiresAt) => {
      expect(await codeOf(store.update(keyOf('a'), put('x', expiresAt)))).toBe('store_unavailable');
      expect(await bodyOf(keyOf('a'))).toBeUndefined();
    });

    it.each([keyOf('a\0b'), keyOf('a\uD800'), keyOf('a', { kind: 'a\0' }), keyOf('a', { partition: '\0' })])('refuses the key %j', async (key) => {
      expect(await codeOf(store.update(key, increment))).toBe('store_unavailable');
      expect(await codeOf(store.read(key))).toBe('store_unavailable');
    });
  });

  describe('list', () => {
    // U+FFFD comes before U+1F600 by code point, and behind it by UTF-16 unit.
    const ids = ['', 'A', 'B', 'a', 'b', 'é', '€', '\u{1F600}', '\u{10FFFF}', '\u{10FFFF}x', '\uE000', '\uFFFD', '\uFFFDa'];

    beforeEach(async () => {
      const shuffled = ids.map((_, index) => ids[(index * 7) % ids.length]!);
      await Promise.all(shuffled.map((id) => store.update(keyOf(id, { partition: 'p' }), put(`body of ${id}`))));
      await store.update(keyOf('c', { partition: 'q' }), put('other partition'));
      await store.update(keyOf('c', { partition: 'p', kind: 'other' }), put('other kind'));
    });

    it('lists one kind and partition in the order of UTF-16 units', async () => {
      expect(ids).toEqual([...ids].sort());
      expect(await store.list('test', 'p', undefined, 1000)).toEqual(ids.map((id) => ({ id, body: `body of ${id}` })));
      expect(await store.list('test', 'nobody', undefined, 1000)).toEqual([]);
    });

    it.each([1, 2, 5])('goes through all of them by pages of %i', async (limit) => {
      const found: string[] = [];
      for (;;) {
        const page = await store.list('test', 'p', found.at(-1), limit);
        expect(page.length).toBeLessThanOrEqual(limit);
        if (page.length === 0) break;
        found.push(...page.map(({ id }) => id));
      }
      expect(found).toEqual(ids);
    });

    it('begins behind an id that is not there', async () => {
      const page = await store.list('test', 'p', 'Bx', 2);
      expect(page.map(({ id }) => id)).toEqual(['a', 'b']);
    });

    it.each([0, -1, 1001, 1.5, Number.NaN])('refuses a page of %d', async (limit) => {
      expect(await codeOf(store.list('test', 'p', undefined, limit))).toBe('invalid_request');
      expect(await codeOf(store.entries({ limit }, undefined))).toBe('invalid_request');
    });
  });

  describe('journal', () => {
    it('takes entries together with the record they belong to', async () => {
      const decide: Decide<string> = (_, now) => ({
        result: 'done',
        next: { body: 'x', expiresAt: undefined },
        entries: [entry({ at: now, data: '1' }), entry({ at: now, data: '2' })],
      });
      await store.update(keyOf('a'), decide);
      expect(await allEntries()).toEqual([entry({ data: '1' }), entry({ data: '2' })]);
    });

    it.runIf(notesWithoutNext)('takes entries of a decision that leaves the record', async () => {
      await store.update(keyOf('a'), () => ({ result: 0, entries: [entry()] }));
      expect(await allEntries()).toEqual([entry()]);
      expect(await bodyOf(keyOf('a'))).toBeUndefined();
    });

    it('takes none of a call that rejects', async () => {
      const bad: Decide<number> = () => ({ result: 0, next: { body: '\0', expiresAt: undefined }, entries: [entry()] });
      expect(await codeOf(store.update(keyOf('a'), bad))).toBe('store_unavailable');
      expect(await allEntries()).toEqual([]);
    });

    it.each([entry({ at: Number.NaN }), entry({ at: 1.5 }), entry({ data: '\0' }), entry({ service: '\uDC00' })])('refuses %j', async (bad) => {
      expect(await codeOf(store.append([entry(), bad]))).toBe('store_unavailable');
      expect(await codeOf(store.update(keyOf('a'), () => ({ result: 0, entries: [bad] })))).toBe('store_unavailable');
      expect(await allEntries()).toEqual([]);
    });

    it('gives entries in the order they were written, whatever their time', async () => {
      const written = [3, 1, 2].map((at) => entry({ at: START + at, data: String(at) }));
      await store.append(written);
      expect(await allEntries()).toEqual(written);
    });

    it('filters by service, destination and time, and by all of them', async () => {
      const written = Array.from({ length: 60 }, (_, index) =>
        entry({ at: START + ((index * 7) % 60), service: `s${index % 2}`, destination: `d${index % 3}`, data: String(index) }),
      );
      await store.append(written);
      const cases: Partial<JournalFilter>[] = [
        { service: 's1' },
        { destination: 'd2' },
        { destination: 'nobody' },
        { from: START + 10 },
        { until: START + 10 },
        { from: START + 10, until: START + 20 },
        { from: START + 20, until: START + 10 },
        { from: START + 100 },
        { service: 's0', destination: 'd1', from: START + 5, until: START + 50 },
      ];
      for (const filter of cases) {
        const { service, destination, from = 0, until = Number.POSITIVE_INFINITY } = filter;
        const isWanted = (of: JournalEntry) =>
          (service ?? of.service) === of.service && (destination ?? of.destination) === of.destination && of.at >= from && of.at < until;
        expect(await allEntries(filter), JSON.stringify(filter)).toEqual(written.filter(isWanted));
      }
    });

    it.each([1, 7, 20, 100])('goes through the matching entries by pages of %i, new ones included', async (limit) => {
      const written = Array.from({ length: 40 }, (_, index) => entry({ service: `s${index % 2}`, data: String(index) }));
      await store.append(written.slice(0, 30));
      const found: JournalEntry[] = [];
      let cursor: string | undefined;
      for (;;) {
        const page = await store.entries({ service: 's1', limit }, cursor);
        expect(page.entries.length).toBeLessThanOrEqual(limit);
        if (found.length === 0) await store.append(written.slice(30));
        found.push(...page.entries);
        cursor = page.cursor;
        if (cursor === undefined) break;
        expect(page.entries.length).toBe(limit);
      }
      const seen = limit < 15 ? written : written.slice(0, 30);
      expect(found).toEqual(seen.filter(({ service }) => service === 's1'));
    });

    it('gives no cursor behind the last entry', async () => {
      await store.append([entry(), entry()]);
      expect(await store.entries({ limit: 2 }, undefined)).toEqual({ entries: [entry(), entry()] });
    });

    it.each(['', 'x', '-1', '0', '1.5', '1e3', '9'.repeat(30)])('refuses the cursor "%s"', async (cursor) => {
      expect(await codeOf(store.entries({ limit: 1 }, cursor))).toBe('invalid_request');
    });

    it('is not changed by whoever wrote it or read it', async () => {
      const written = { ...entry() };
      const done = store.append([written]);
      written.data = 'changed';
      await done;
      const [read] = await allEntries();
      (read as { data: string }).data = 'changed';
      expect(await allEntries()).toEqual([entry()]);
    });
  });

  describe('sweep', () => {
    it('removes what has expired, and nothing else', async () => {
      await store.update(keyOf('past'), put('x', START + HOUR));
      await store.update(keyOf('later'), put('x', START + 10 * HOUR));
      await store.update(keyOf('never'), put('x'));
      clock.advance(3 * HOUR);
      expect(await store.sweep(100)).toBe(1);
      expect((await store.list('test', '', undefined, 10)).map(({ id }) => id)).toEqual(['later', 'never']);
      clock.advance(10 * HOUR);
      expect(await store.sweep(100)).toBe(1);
      expect(await bodyOf(keyOf('never'))).toBe('x');
    });

    it('removes nothing sooner than a minute after its last write, though it expired long ago', async () => {
      await store.update(keyOf('a'), put('x', START - 100 * HOUR));
      // One millisecond before a full hour, where a store that keeps whole hours is closest to being wrong.
      clock.advance(HOUR - (START % HOUR) - 1);
      await store.update(keyOf('b'), put('x', START - 100 * HOUR));
      await store.update(keyOf('a'), put('y', START - 100 * HOUR));
      clock.advance(MIN_RECORD_AGE - 1);
      expect(await store.sweep(100)).toBe(0);
      clock.advance(2 * HOUR);
      expect(await store.sweep(100)).toBe(2);
    });

    it('goes by the last write: one that puts expiry off keeps the record, one that brings it forward lets it go', async () => {
      await store.update(keyOf('longer'), put('x', START + HOUR));
      await store.update(keyOf('for ever'), put('x', START + HOUR));
      await store.update(keyOf('shorter'), put('x', START + 100 * HOUR));
      await store.update(keyOf('mortal'), put('x'));
      clock.advance(MINUTE);
      await store.update(keyOf('longer'), put('x', START + 100 * HOUR));
      await store.update(keyOf('for ever'), put('x'));
      await store.update(keyOf('shorter'), put('x', START + HOUR));
      await store.update(keyOf('mortal'), put('x', START + HOUR));
      clock.advance(3 * HOUR);
      expect(await store.sweep(100)).toBe(2);
      expect((await store.list('test', '', undefined, 10)).map(({ id }) => id)).toEqual(['for ever', 'longer']);
    });

    it('removes at most as many as it is told, and all of them over several calls', async () => {
      await Promise.all(Array.from({ length: 700 }, (_, index) => store.update(keyOf(String(index)), put('x', START + MINUTE))));
      clock.advance(3 * HOUR);
      expect(await store.sweep(10)).toBe(10);
      expect(await store.sweep(600)).toBe(600);
      expect(await store.sweep(600)).toBe(90);
      expect(await store.sweep(600)).toBe(0);
      expect(await store.list('test', '', undefined, 10)).toEqual([]);
    });

    it('lets a removed record begin anew', async () => {
      await store.update(keyOf('a'), put('7', START));
      clock.advance(3 * HOUR);
      expect(await store.sweep(100)).toBe(1);
      expect(await store.update(keyOf('a'), increment)).toBe(1);
    });

    it('removes journal entries older than 30 days, and at most as many as it is told', async () => {
      const old = Array.from({ length: 5 }, (_, index) => entry({ at: START, data: `old ${index}` }));
      await store.append([...old.slice(0, 3), entry({ at: START + HOUR, data: 'young' }), ...old.slice(3)]);
      clock.advance(JOURNAL_RETENTION);
      await store.sweep(100);
      expect(await allEntries()).toHaveLength(6);
      clock.advance(1);
      await store.sweep(2);
      expect(await allEntries()).toHaveLength(4);
      await store.sweep(100);
      expect((await allEntries()).map(({ data }) => data)).toEqual(['young']);
    });

    it('never gives a number of the journal twice, so that a cursor stays where it was', async () => {
      await store.append([entry({ data: '1' }), entry({ data: '2' })]);
      const { cursor } = await store.entries({ limit: 1 }, undefined);
      clock.advance(JOURNAL_RETENTION + 1);
      await store.sweep(100);
      await store.append([entry({ data: '3' })]);
      expect((await store.entries({ limit: 10 }, cursor)).entries.map(({ data }) => data)).toEqual(['3']);
    });
  });

  describe('life', () => {
    it('answers a ping', async () => {
      await expect(store.ping()).resolves.toBeUndefined();
    });

    it('finishes what is under way when it is closed, refuses what comes later, and may be closed again', async () => {
      const calls = Array.from({ length: 1200 }, () => store.update(keyOf('a'), increment));
      const closed = store.close();
      const late = [
        store.update(keyOf('a'), increment),
        store.read(keyOf('a')),
        store.list('test', '', undefined, 1),
        store.append([entry()]),
        store.entries({ limit: 1 }, undefined),
        store.sweep(1),
        store.ping(),
      ];
      expect(new Set(await Promise.all(late.map(codeOf)))).toEqual(new Set(['store_unavailable']));
      expect((await Promise.all(calls)).at(-1)).toBe(1200);
      await closed;
      await store.close();
      expect(await codeOf(store.ping())).toBe('store_unavailable');
    });
  });
}
