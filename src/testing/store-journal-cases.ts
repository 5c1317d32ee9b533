import type { JournalEntry, JournalFilter, JournalPage, Store } from '../stores/store.ts';
import { allAtOnce, connectTwo, expectEqual, expectThat, outcomeOf, range, type StoreCaseGroup, toKey } from './store-case.ts';

const KEY = toKey('record');
const NOON = Date.UTC(2026, 0, 15, 12);

/** What the journal is promised to keep. */
export const journalCases: StoreCaseGroup = {
  title: 'the journal',
  cases: [
    {
      title: 'The journal gives back what was written into it, in the order in which it was written, to every process',
      needs: ['journal'],
      async run(stage) {
        const [first, second] = await connectTwo(stage);
        // Not in the order of their times: the order is that of the writing.
        const entries = [
          toEntry(3),
          toEntry(1, { data: '{"note":"Zoë 😀 \\" \u2028"}' }),
          toEntry(2, { service: 'other', type: 'erase', destination: '' }),
        ];
        await first.append(entries.slice(0, 2));
        await second.append(entries.slice(2));
        await second.append([]);
        const { entries: found, cursor } = await first.entries({ limit: 100 }, undefined);
        expectEqual(found, entries, 'the journal lost entries, changed them or their order: keep a number that grows with each, and sort by that');
        expectEqual(cursor, undefined, 'a page that holds all there is came with a cursor');
      },
    },
    {
      title: 'The journal is searched by service, destination and time, each of them exactly',
      needs: ['journal'],
      async run(stage) {
        const store = await stage.connect();
        const entries = range(12).map((at) => toEntry(at, { service: at % 2 === 0 ? 'even' : 'odd', destination: `d${at % 3}` }));
        await store.append(entries);
        const filters: readonly Omit<JournalFilter, 'limit'>[] = [
          { service: 'even' },
          { service: 'Even' },
          { destination: 'd1' },
          { destination: 'd' },
          { service: 'odd', destination: 'd2' },
          { from: NOON + 3, until: NOON + 7 },
          { from: NOON + 4 },
          { until: NOON + 4 },
          { service: 'even', destination: 'd0', from: NOON + 1, until: NOON + 12 },
        ];
        for (const filter of filters) {
          const expected = entries.filter((entry) => matches(entry, filter));
          const found = (await store.entries({ ...filter, limit: 100 }, undefined)).entries;
          expectEqual(
            found,
            expected,
            `${JSON.stringify(filter)} found other entries: every field must match whole; from is inclusive, until is not`,
          );
        }
      },
    },
    {
      title: 'The journal read page by page loses nothing and repeats nothing, also while it grows',
      needs: ['journal'],
      async run(stage) {
        const [first, second] = await connectTwo(stage);
        for (const [round, limit] of [1, 3, 8, 100].entries()) {
          const filter = { service: `service ${round}`, limit };
          const entries = range(16).map((at) => toEntry(at % 5, { service: at % 2 === 0 ? filter.service : 'other', data: String(at) }));
          await first.append(entries);
          const found = await readAll(second, filter, async () => {
            if (entries.length < 24) entries.push(await appendOne(first, filter.service, entries.length));
          });
          const expected = entries.filter(({ service }) => service === filter.service);
          expectEqual(
            found,
            expected,
            'pages of the journal lost or repeated entries: a cursor says behind which entry to go on, not how many to pass over',
          );
        }
      },
    },
    {
      title: 'A write and its journal entries are one: each is there once when the write was answered',
      needs: ['journal'],
      async run(stage) {
        const [first, second] = await connectTwo(stage);
        await allAtOnce(50, (index) => (index % 2 === 0 ? first : second).update(KEY, countWithEntry));
        const { entries } = await second.entries({ limit: 1_000 }, undefined);
        const noted = entries.map(({ data }) => Number(data)).sort((a, b) => a - b);
        const complaint = 'the journal does not hold one entry for each write: keep those of the decision that was committed, and of no earlier try';
        expectEqual(
          noted,
          range(50).map((index) => index + 1),
          complaint,
        );
      },
    },
    {
      title: 'A decision that threw leaves nothing in the journal, and takes nothing of its neighbours from it',
      needs: ['journal'],
      async run(stage) {
        const store = await stage.connect();
        await allAtOnce(9, (index) => outcomeOf(() => store.update(KEY, index % 3 === 1 ? throwAfterEntry : countWithEntry)));
        const { entries } = await store.entries({ limit: 1_000 }, undefined);
        const complaint = 'after a throw the journal does not hold the entries of its neighbours, and theirs alone: collect entries call by call';
        expectEqual(
          entries.map(({ data }) => Number(data)),
          [1, 2, 3, 4, 5, 6],
          complaint,
        );
      },
    },
  ],
};

function toEntry(after: number, fields: Partial<JournalEntry> = {}): JournalEntry {
  return { at: NOON + after, service: 'suite', type: 'check', destination: 'd', data: '{}', ...fields };
}

/** Reads every page, and does something between two. No journal here has as many pages as are read at most. */
async function readAll(store: Store, filter: JournalFilter, between: () => Promise<void>): Promise<JournalEntry[]> {
  const found: JournalEntry[] = [];
  let cursor: string | undefined;
  for (let pages = 0; pages < 50; pages += 1) {
    const page: JournalPage = await store.entries(filter, cursor);
    expectThat(page.entries.length <= filter.limit, `a page of the journal is longer than its limit: ${page.entries.length} of ${filter.limit}`);
    found.push(...page.entries);
    if (page.cursor === undefined) return found;
    cursor = page.cursor;
    await between();
  }
  return found;
}

async function appendOne(store: Store, service: string, at: number): Promise<JournalEntry> {
  const entry = toEntry(at, { service, data: `late ${at}` });
  await store.append([entry]);
  return entry;
}

function matches({ at, service, destination }: JournalEntry, filter: Omit<JournalFilter, 'limit'>): boolean {
  if (filter.service !== undefined && service !== filter.service) return false;
  if (filter.destination !== undefined && destination !== filter.destination) return false;
  return at >= (filter.from ?? at) && at < (filter.until ?? at + 1);
}

function countWithEntry(current: string | undefined): { result: undefined; next: { body: string; expiresAt: undefined }; entries: JournalEntry[] } {
  const count = String(Number(current ?? '0') + 1);
  return { result: undefined, next: { body: count, expiresAt: undefined }, entries: [toEntry(0, { data: count })] };
}

function throwAfterEntry(current: string | undefined): never {
  countWithEntry(current);
  throw new Error('thrown by a decision');
}
