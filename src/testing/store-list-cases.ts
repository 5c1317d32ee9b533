import type { Store } from '../stores/store.ts';
import { allAtOnce, connectTwo, expectEqual, expectThat, replaceBy, type StoreCaseGroup, toKey } from './store-case.ts';

/** By code unit the surrogates of 😀 come before the private use and full-width signs; by code point, and by UTF-8 byte, after them. */
const IDS: readonly string[] = ['b', 'a', 'B', 'A', 'a ', 'é', 'z', '0', '10', '9', '_', '%', '😀', 'ｚ', '\uE000', 'aa', 'ab', '検'];

/** What operators are promised when they list records. */
export const listCases: StoreCaseGroup = {
  title: 'a list',
  cases: [
    {
      title: 'A list holds the records of its kind and partition and no others, as they are now',
      needs: ['list'],
      async run(stage) {
        const [first, second] = await connectTwo(stage);
        const keys = [toKey('1', 'mine'), toKey('2', 'mine'), toKey('3', 'others'), toKey('4'), { kind: 'suite2', partition: 'mine', id: '5' }];
        await allAtOnce(keys.length, (index) => first.update(keys[index] ?? toKey('1'), replaceBy('old')));
        await first.update(toKey('2', 'mine'), replaceBy('new'));
        const expected = [
          { id: '1', body: 'old' },
          { id: '2', body: 'new' },
        ];
        const complaint =
          'a list holds other records than those of its kind and partition, or old bodies: match both whole, and read what is committed';
        expectEqual(await second.list('suite', 'mine', undefined, 100), expected, complaint);
        expectEqual(await second.list('suite', 'nobody', undefined, 100), [], complaint);
      },
    },
    {
      title: 'A list is in the order of its ids, the same on every store',
      needs: ['list'],
      async run(stage) {
        const store = await stage.connect();
        await fill(store);
        const complaint =
          "a list is not in the order of code units (that of JavaScript's sort): no language's collation, and mind what lies beyond U+FFFF";
        expectEqual(
          (await store.list('suite', 'ids', undefined, 1_000)).map(({ id }) => id),
          IDS.toSorted(),
          complaint,
        );
      },
    },
    {
      title: 'A list read page by page loses nothing and repeats nothing',
      needs: ['list'],
      async run(stage) {
        const store = await stage.connect();
        await fill(store);
        for (const limit of [1, 4, IDS.length]) {
          const found: string[] = [];
          for (;;) {
            const page = await store.list('suite', 'ids', found.at(-1), limit);
            expectThat(page.length <= limit, `a page of a list is longer than its limit: found ${page.length}, the limit was ${limit}`);
            if (page.length === 0 || found.length > IDS.length) break;
            found.push(...page.map(({ id }) => id));
          }
          expectEqual(
            found,
            IDS.toSorted(),
            'pages of a list lost or repeated records: go on behind `after`, by the same order in which the list is',
          );
        }
      },
    },
    {
      title: 'A list goes on behind an id that is not there any more',
      needs: ['list'],
      async run(stage) {
        const store = await stage.connect();
        await fill(store);
        const behind = IDS.toSorted().filter((id) => id > 'aaa');
        const page = await store.list('suite', 'ids', 'aaa', 1_000);
        expectEqual(
          page.map(({ id }) => id),
          behind,
          'a list did not go on behind an id that has no record: `after` is a place in the order, not a record',
        );
      },
    },
  ],
};

async function fill(store: Store): Promise<void> {
  await allAtOnce(IDS.length, (index) => store.update(toKey(IDS[index] ?? '', 'ids'), replaceBy('listed')));
}
