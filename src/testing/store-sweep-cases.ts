import { DAY, MINUTE, SECOND } from '../core/duration.ts';
import { MIN_RECORD_AGE, type Store } from '../stores/store.ts';
import { allAtOnce, connectTwo, expectEqual, expectThat, lookAt, range, replaceBy, type StoreCaseGroup, toKey } from './store-case.ts';

/** A store may keep records longer than they ask for, to spare its index; by two days a sweep has to find them. */
const SURELY_GONE_AFTER: number = 2 * DAY;

const KEY = toKey('record');

const OLD_IDS: readonly string[] = range(25).map((index) => `old ${index}`);

const TOO_EARLY =
  'a record was removed sooner than a minute after its last write: a stalled insert would then find it absent, and begin its limits anew';

/** What a sweep takes, and what it leaves. All of it by the clock. */
export const sweepCases: StoreCaseGroup = {
  title: 'a sweep',
  cases: [
    {
      title: 'A record is there until it expires, and a sweep takes it after that; those it was not told to take stay',
      needs: ['clock', 'sweep'],
      async run(stage) {
        const store = await stage.connect();
        const { clock } = stage;
        const expiresAt = clock.now() + 10 * MINUTE;
        await store.update(toKey('ends'), replaceBy('ends', expiresAt));
        await store.update(toKey('ends later'), replaceBy('ends later', expiresAt + 10 * DAY));
        await store.update(toKey('never ends'), replaceBy('never ends', undefined));
        clock.set(expiresAt - 1);
        expectEqual(await drain(store), 0, 'a sweep counted a record as removed that had not expired');
        expectEqual(
          await bodiesOf(store, ['ends', 'ends later', 'never ends']),
          ['ends', 'ends later', 'never ends'],
          'a record went before it expired',
        );
        clock.set(expiresAt + SURELY_GONE_AFTER);
        expectEqual(await drain(store), 1, 'a sweep did not count the one record that it had to remove, two days after its expiry');
        expectEqual(
          await bodiesOf(store, ['ends', 'ends later', 'never ends']),
          [undefined, 'ends later', 'never ends'],
          'a sweep took the wrong records',
        );
      },
    },
    {
      title: 'A record that never expires is never taken: a blocked destination stays blocked after ten years',
      needs: ['clock', 'sweep'],
      async run(stage) {
        const store = await stage.connect();
        await store.update(KEY, replaceBy('expires', stage.clock.now() + MINUTE));
        await store.update(KEY, replaceBy('blocked', undefined));
        stage.clock.advance(3_650 * DAY);
        await drain(store);
        const complaint = 'a record without expiry was removed: undefined means never, and replaces the expiry that was written before it';
        expectEqual((await store.read(KEY)).body, 'blocked', complaint);
      },
    },
    {
      title: 'A record stays for at least a minute after its last write, even one that was written with its expiry in the past',
      needs: ['clock', 'sweep'],
      async run(stage) {
        const store = await stage.connect();
        const { clock } = stage;
        const expiresAt = clock.now() - DAY;
        await store.update(KEY, replaceBy('first', expiresAt));
        expectEqual(await drain(store), 0, TOO_EARLY);
        clock.advance(MIN_RECORD_AGE - 1);
        await drain(store);
        expectEqual((await store.read(KEY)).body, 'first', TOO_EARLY);
        await store.update(KEY, replaceBy('again', expiresAt));
        clock.advance(MIN_RECORD_AGE - 1);
        await drain(store);
        expectEqual((await store.read(KEY)).body, 'again', `${TOO_EARLY} (the minute begins anew with each write)`);
        clock.advance(SURELY_GONE_AFTER);
        expectEqual(await drain(store), 1, 'a record was never removed, though it expired long ago');
      },
    },
    {
      title: 'A record that is written again after it expired stays',
      needs: ['clock', 'sweep'],
      async run(stage) {
        const store = await stage.connect();
        const { clock } = stage;
        await store.update(KEY, replaceBy('old', clock.now() + MINUTE));
        clock.advance(SURELY_GONE_AFTER + MINUTE);
        await store.update(KEY, replaceBy('new', clock.now() + 10 * DAY));
        await drain(store);
        expectEqual((await store.read(KEY)).body, 'new', 'a record was removed by the expiry of an earlier write: each write replaces it');
      },
    },
    {
      title: 'A record that is written while a sweep is under way is there afterwards',
      needs: ['clock', 'sweep'],
      async run(stage) {
        const [first, second] = await connectTwo(stage);
        await allAtOnce(20, (index) => first.update(toKey(OLD_IDS[index] ?? ''), replaceBy('old', stage.clock.now() + SECOND)));
        stage.clock.advance(SURELY_GONE_AFTER + MINUTE);
        await allAtOnce<unknown>(22, (index) =>
          index % 11 === 5 ? second.sweep(10) : first.update(toKey(OLD_IDS[index % 20] ?? ''), replaceBy('new', undefined)),
        );
        const bodies = await bodiesOf(first, OLD_IDS.slice(0, 20));
        const gone = bodies.flatMap((body, index) => (body === undefined ? [index] : []));
        const expected = gone.filter((index) => index === 5 || index === 16);
        expectEqual(gone, expected, 'a sweep removed a record that had just been written: look at the expiry in the same statement that removes');
      },
    },
    {
      title: 'A sweep takes no more than it was allowed to, and several in turn take all there is',
      needs: ['clock', 'sweep'],
      async run(stage) {
        const [first, second] = await connectTwo(stage);
        await allAtOnce(25, (index) => first.update(toKey(OLD_IDS[index] ?? ''), replaceBy('old', stage.clock.now() + SECOND)));
        stage.clock.advance(SURELY_GONE_AFTER + MINUTE);
        const counts = await allAtOnce(2, (index) => (index === 0 ? first : second).sweep(10));
        expectThat(
          counts.every((count) => count <= 10),
          `a sweep took more records than its limit: found ${counts.join(', ')}, the limit was 10`,
        );
        const left = (await bodiesOf(first, OLD_IDS)).filter((body) => body !== undefined).length;
        expectEqual(left, 25 - sum(counts), 'sweeps did not resolve with the number of records that went');
        expectEqual(await drain(second, 10), left, 'sweeps in turn did not remove all that had expired, or counted some twice');
      },
    },
    {
      title: 'An old journal entry is kept for thirty days',
      needs: ['clock', 'sweep', 'journal'],
      async run(stage) {
        const store = await stage.connect();
        const entry = { at: stage.clock.now(), service: 'suite', type: 'check', destination: 'd', data: '{}' };
        await store.append([entry]);
        stage.clock.advance(30 * DAY);
        await drain(store);
        expectEqual((await store.entries({ limit: 10 }, undefined)).entries.length, 1, 'a journal entry was removed before it was 30 days old');
        stage.clock.advance(SURELY_GONE_AFTER);
        await drain(store);
        expectEqual(
          (await store.entries({ limit: 10 }, undefined)).entries.length,
          0,
          'a journal entry was not removed, two days after its 30 were over',
        );
      },
    },
  ],
};

/** Sweeps until nothing more goes. No case has as many records as are swept at most. */
async function drain(store: Store, limit: number = 100): Promise<number> {
  let removed = 0;
  for (let sweeps = 0; sweeps < 50; sweeps += 1) {
    const count = await store.sweep(limit);
    expectThat(count <= limit, `a sweep took more records than its limit: found ${count}, the limit was ${limit}`);
    if (count === 0) break;
    removed += count;
  }
  return removed;
}

function bodiesOf(store: Store, ids: readonly string[]): Promise<(string | undefined)[]> {
  return allAtOnce(ids.length, (index) => store.update(toKey(ids[index] ?? ''), lookAt));
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
