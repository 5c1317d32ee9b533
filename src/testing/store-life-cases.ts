import {
  connectTwo,
  countUp,
  expectEqual,
  expectThat,
  expectUnavailable,
  lookAt,
  outcomeOf,
  replaceBy,
  type StoreCaseGroup,
  toKey,
} from './store-case.ts';

const KEY = toKey('record');

/** Opening, closing, and what a store says of itself. */
export const lifeCases: StoreCaseGroup = {
  title: 'a handle',
  cases: [
    {
      title: 'A store that works says so, and says what it is',
      async run(stage) {
        const store = await stage.connect();
        expectEqual((await outcomeOf(() => store.ping())).isRejected, false, '`ping` rejected on a store that has just been opened');
        const { name, durable } = store.describe();
        expectThat(typeof name === 'string' && name.length > 0, '`describe` gives no name');
        expectThat(typeof durable === 'boolean', '`describe` does not say whether an answered write survives the end of the process');
      },
    },
    {
      title: 'A closed store answers nothing: every call rejects with store_unavailable, also after it was closed twice',
      async run(stage) {
        const store = await stage.connect();
        await store.update(KEY, replaceBy('written'));
        await store.close();
        expectEqual((await outcomeOf(() => store.close())).isRejected, false, 'closing twice failed: the second time there is nothing left to do');
        const complaint = (method: string) => `\`${method}\` of a closed store did not reject with a CountersignError store_unavailable`;
        const entry = { at: 0, service: 'suite', type: 'check', destination: 'd', data: '{}' };
        await expectUnavailable(() => store.update(KEY, lookAt), complaint('update'));
        await expectUnavailable(() => store.read(KEY), complaint('read'));
        await expectUnavailable(() => store.list('suite', '', undefined, 10), complaint('list'));
        await expectUnavailable(() => store.append([entry]), complaint('append'));
        await expectUnavailable(() => store.entries({ limit: 10 }, undefined), complaint('entries'));
        await expectUnavailable(() => store.sweep(10), complaint('sweep'));
        await expectUnavailable(() => store.ping(), complaint('ping'));
      },
    },
    {
      title: 'Calls that were made before a store is closed are finished first',
      async run(stage) {
        const store = await stage.connect();
        const calls = [1, 2, 3].map(() => outcomeOf(() => store.update(KEY, countUp)));
        const closing = outcomeOf(() => store.close());
        const answers = (await Promise.all(calls)).map(({ value }) => Number(value)).sort();
        expectEqual(answers, [1, 2, 3], 'calls under way were dropped by `close`: let them finish, and refuse those that come later');
        expectEqual((await closing).isRejected, false, '`close` failed while calls were under way');
      },
    },
    {
      title: "Closing one process's handle leaves the others at work, with all that it wrote",
      needs: ['handles'],
      async run(stage) {
        const [first, second] = await connectTwo(stage);
        const written = outcomeOf(() => first.update(KEY, replaceBy('written')));
        await first.close();
        expectEqual((await written).isRejected, false, 'a call under way was dropped by `close`');
        const { value } = await outcomeOf(() => second.update(KEY, lookAt));
        const complaint =
          'after one handle was closed another could not go on: keep nothing in common but the data (where all is in one process: handles: false)';
        expectEqual(value, 'written', complaint);
      },
    },
  ],
};
