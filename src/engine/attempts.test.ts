import { describe, expect, it } from 'vitest';
import { rejectionOf, T0 } from '../../test/builders.ts';
import { parseDestination } from '../core/destination.ts';
import { createKeyRing } from '../core/keys.ts';
import { createMemoryStore } from '../stores/memory.ts';
import type { JournalEntry, JournalFilter, JournalPage } from '../stores/store.ts';
import { createAttempts } from './attempts.ts';

const keys = createKeyRing({ secret: 'a secret of at least 32 random bytes' });
const idOf = (kind: string, index: number) => `${kind}${index.toString(16).padStart(32, '0')}`;
const everyone = async () => true;

function about(index: number, at: number, type: string, data: object): JournalEntry {
  const to = `+1415555${2_000 + (index % 1_000)}`;
  const common = { verificationId: idOf('VE', index), purpose: 'default', to: parseDestination(to).masked };
  return { at, service: 'VA1', type, destination: keys.destinationKey(to), data: JSON.stringify({ ...common, ...data }) };
}

const delivery = (index: number, at: number) =>
  about(index, at, 'delivery', { deliveryId: idOf('VL', index), channel: 'sms', state: 'sent', sentAt: at - 5 });
const check = (index: number, at: number, right: boolean) => about(index, at, 'check', { right });
const approval = (index: number, at: number) => about(index, at, 'approved_by_operator', {});

/** A journal that counts what is read of it. */
function journalOf(entries: readonly JournalEntry[]) {
  const store = createMemoryStore();
  const seen = { entries: 0, reads: 0 };
  const read = async (filter: JournalFilter, cursor: string | undefined): Promise<JournalPage> => {
    const page = await store.entries(filter, cursor);
    seen.entries += page.entries.length;
    seen.reads += 1;
    return page;
  };
  return {
    ...{ seen, fill: () => store.append(entries), attempts: createAttempts({ store: { entries: read }, keys }) },
    plain: async (filter: JournalFilter) => (await store.entries(filter, undefined)).cursor,
  };
}

describe('attempts', () => {
  it('are converted by a right guess or an operator, at their own verification', async () => {
    const { fill, attempts } = journalOf([
      delivery(1, T0),
      delivery(2, T0),
      delivery(3, T0),
      check(1, T0 + 1, false),
      check(1, T0 + 2, true),
      check(2, T0 + 3, false),
      approval(3, T0 + 4),
      // Another verification of the same number.
      delivery(1_002, T0 + 5),
      check(1_002, T0 + 6, true),
    ]);
    await fill();
    const { items } = await attempts.list({ isShown: everyone, cursor: undefined, limit: 10 });
    expect(items.map(({ id, isConverted }) => [id, isConverted])).toEqual([
      [idOf('VL', 1), true],
      [idOf('VL', 2), false],
      [idOf('VL', 3), true],
      [idOf('VL', 1_002), true],
    ]);
    expect(await attempts.summarize({ isShown: everyone })).toEqual({ total: 4, converted: 3 });
  });

  it('are converted by a guess that was compared before their own message was settled', async () => {
    const { fill, attempts } = journalOf([check(1, T0 - 3, true), delivery(1, T0)]);
    await fill();
    expect((await attempts.list({ isShown: everyone, cursor: undefined, limit: 10 })).items[0]?.isConverted).toBe(true);
  });

  it('are summed up with guesses that came after the time asked for', async () => {
    const { fill, attempts } = journalOf([delivery(1, T0), delivery(2, T0 + 60_000), check(1, T0 + 60_000, true), check(2, T0 + 60_000, true)]);
    await fill();
    expect(await attempts.summarize({ isShown: everyone, until: T0 + 1 })).toEqual({ total: 1, converted: 1 });
  });

  it('are read in bounded parts: a page that is short goes on', async () => {
    const { fill, attempts, seen } = journalOf([
      ...Array.from({ length: 10_500 }, (_, index) => check(1, T0 + index, false)),
      delivery(1, T0 + 10_500),
    ]);
    await fill();
    const first = await attempts.list({ isShown: everyone, cursor: undefined, limit: 5 });
    expect(first.items).toEqual([]);
    expect(seen.entries).toBe(10_000);
    const second = await attempts.list({ isShown: everyone, cursor: first.cursor, limit: 5 });
    expect(second.items.map(({ id }) => id)).toEqual([idOf('VL', 1)]);
    expect(second.cursor).toBeUndefined();
  });

  it('go on behind a cursor that tells nothing of the other entries and is good for its own service alone', async () => {
    const { fill, attempts, plain } = journalOf([delivery(1, T0), delivery(2, T0 + 1), delivery(3, T0 + 2)]);
    await fill();
    const list = (service: string | undefined, cursor?: string) => attempts.list({ isShown: everyone, service, cursor, limit: 1 });
    const { cursor } = await list('VA1');
    const raw = await plain({ service: 'VA1', limit: 1 });
    expect(raw).toBeDefined();
    expect((await list('VA1')).cursor).not.toBe(cursor);
    expect((await list('VA1', cursor)).items.map(({ id }) => id)).toEqual([idOf('VL', 2)]);
    for (const [service, given] of [
      ['VA2', cursor],
      [undefined, cursor],
      ['VA1', raw],
      ['VA1', ''],
    ] as const)
      expect(await rejectionOf(list(service, given))).toMatchObject({ code: 'invalid_request', field: 'cursor' });
  });

  it('of a page are judged, and no others', async () => {
    const { fill, attempts, seen } = journalOf(Array.from({ length: 500 }, (_, index) => delivery(index, T0 + index)));
    await fill();
    const page = await attempts.list({ isShown: everyone, cursor: undefined, limit: 3 });
    expect(page.items.length).toBe(3);
    // The batch, its first three once more for the place behind them, and the journal of each.
    expect(seen.reads).toBe(5);
  });

  it('are summed up only where all of the time asked for can be read', async () => {
    let read = 0;
    const endless = {
      async entries({ limit }: JournalFilter): Promise<JournalPage> {
        read += limit;
        return { entries: Array.from({ length: limit }, () => delivery(1, T0)), cursor: String(read) };
      },
    };
    const attempts = createAttempts({ store: endless, keys });
    expect(await rejectionOf(attempts.summarize({ isShown: everyone }))).toMatchObject({ code: 'invalid_request', field: 'from' });
    expect(read).toBeLessThanOrEqual(201_000);
    read = 0;
    expect(await attempts.get(idOf('VL', 7), { isShown: everyone }, T0)).toBeUndefined();
    expect(read).toBeLessThanOrEqual(201_000);
  });

  it('are found by their id, the newest first, of any of the last thirty days', async () => {
    const day = 86_400_000;
    const { fill, attempts } = journalOf([delivery(1, T0 - 29 * day), delivery(2, T0 - day / 2), delivery(3, T0)]);
    await fill();
    for (const index of [1, 2, 3]) {
      const found = await attempts.get(idOf('VL', index), { isShown: everyone }, T0);
      expect(found?.verificationId).toBe(idOf('VE', index));
    }
    expect(await attempts.get(idOf('VL', 4), { isShown: everyone }, T0)).toBeUndefined();
    expect(await attempts.get(idOf('VL', 3), { isShown: async () => false }, T0)).toBeUndefined();
    expect(await attempts.get(idOf('VL', 3), { isShown: everyone, service: 'VA2' }, T0)).toBeUndefined();
  });

  it('ask once for each service whether it may be seen', async () => {
    const { fill, attempts } = journalOf(Array.from({ length: 50 }, (_, index) => delivery(index, T0)));
    await fill();
    const asked: string[] = [];
    const isShown = async (id: string) => asked.push(id) > 0;
    await attempts.list({ isShown, cursor: undefined, limit: 50 });
    expect(asked).toEqual(['VA1']);
  });
});
