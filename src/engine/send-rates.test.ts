import { describe, expect, it } from 'vitest';
import { createKeyRing } from '../core/keys.ts';
import { createMemoryStore } from '../stores/memory.ts';
import type { Store } from '../stores/store.ts';
import { decideCountSend } from './send-count.ts';
import { decodeSendLimits, type SendBucketFields } from './send-limit-record.ts';
import { createSendRates, type SendRates, type SendRateVerdict } from './send-rates.ts';

const SERVICE = `VA${'0'.repeat(32)}`;
const T0 = Date.UTC(2026, 0, 1);

/** Send rates of one process, on a store whose clock a test moves. */
class World {
  clock = T0;
  readonly keys = createKeyRing({ secret: 'a secret of at least 32 random bytes' });
  readonly store: Store = createMemoryStore({ clock: { now: () => this.clock } });
  readonly rates: SendRates = this.process();

  process(): SendRates {
    return createSendRates({ store: this.store, keys: this.keys, monotonic: () => this.clock });
  }

  async limit(uniqueName: string, ...buckets: readonly SendBucketFields[]): Promise<string> {
    const limit = await this.rates.create(SERVICE, { uniqueName, description: undefined });
    if (typeof limit === 'string') throw new Error(limit);
    for (const bucket of buckets) await this.rates.createBucket(SERVICE, limit.id, bucket);
    return limit.id;
  }

  count(values: Readonly<Record<string, string>>): Promise<SendRateVerdict> {
    return this.rates.count(SERVICE, new Map(Object.entries(values)));
  }

  counted(count: number, values: Readonly<Record<string, string>>): Promise<readonly SendRateVerdict['status'][]> {
    return Promise.all(Array.from({ length: count }, async () => (await this.count(values)).status));
  }
}

describe('a send limit', () => {
  it('lets as many starts pass as its bucket has room for, and again when the window is over', async () => {
    const world = new World();
    await world.limit('ip', { max: 2, intervalSeconds: 60 });
    expect(await world.count({ ip: 'a' })).toEqual({ status: 'counted', fullUntil: undefined });
    world.clock += 10_000;
    const end = new Date(T0 + 60_000);
    expect(await world.count({ ip: 'a' })).toEqual({ status: 'counted', fullUntil: end });
    expect(await world.count({ ip: 'a' })).toEqual({ status: 'refused', retryAt: end });
    expect((await world.count({ ip: 'b' })).status).toBe('counted');
    world.clock = end.getTime() - 1;
    expect((await world.count({ ip: 'a' })).status).toBe('refused');
    world.clock = end.getTime();
    // The next window begins with the first start in it.
    world.clock += 5_000;
    expect(await world.counted(3, { ip: 'a' })).toEqual(['counted', 'counted', 'refused']);
    expect(await world.count({ ip: 'a' })).toEqual({ status: 'refused', retryAt: new Date(world.clock + 60_000) });
  });

  it('limits nothing without buckets, and nothing that a start does not name', async () => {
    const world = new World();
    await world.limit('ip');
    await world.limit('device', { max: 1, intervalSeconds: 60 });
    expect(await world.counted(3, { ip: 'a' })).toEqual(['counted', 'counted', 'counted']);
    expect(await world.counted(3, {})).toEqual(['counted', 'counted', 'counted']);
  });

  it('of many at once lets exactly as many pass as the fullest bucket has room for', async () => {
    const world = new World();
    await world.limit('ip', { max: 9, intervalSeconds: 60 }, { max: 7, intervalSeconds: 3_600 });
    await world.limit('device', { max: 8, intervalSeconds: 60 });
    const other = world.process();
    const verdicts = await Promise.all(
      Array.from({ length: 200 }, (_, index) =>
        (index % 2 === 0 ? world.rates : other).count(
          SERVICE,
          new Map(Object.entries(index % 3 === 0 ? { device: 'd', ip: 'a' } : { ip: 'a', device: 'd' })),
        ),
      ),
    );
    expect(verdicts.filter(({ status }) => status === 'counted').length).toBe(7);
  });

  it('I17 tells a wait after which the same start passes, whichever buckets are full', async () => {
    const world = new World();
    await world.limit('ip', { max: 1, intervalSeconds: 60 });
    await world.limit('device', { max: 1, intervalSeconds: 3_600 });
    await world.count({ ip: 'a' });
    world.clock += 1_000;
    await world.count({ device: 'd' });
    for (const values of [
      { ip: 'a', device: 'd' },
      { device: 'd', ip: 'b' },
    ]) {
      const verdict = await world.count(values);
      const retryAt = verdict.status === 'refused' ? verdict.retryAt.getTime() : 0;
      expect(retryAt).toBe(T0 + 1_000 + 3_600_000);
    }
    world.clock = T0 + 1_000 + 3_600_000 - 1;
    expect((await world.count({ device: 'd' })).status).toBe('refused');
    world.clock += 1;
    expect((await world.count({ ip: 'a', device: 'd' })).status).toBe('counted');
  });

  it('tells with a start that was counted when the next one passes: it is its own last', async () => {
    const world = new World();
    await world.limit('ip', { max: 1, intervalSeconds: 60 }, { max: 9, intervalSeconds: 5 });
    expect(await world.count({ ip: 'a' })).toEqual({ status: 'counted', fullUntil: new Date(T0 + 60_000) });
  });

  it('knows no name that nobody made, and counts nothing then', async () => {
    const world = new World();
    await world.limit('ip', { max: 1, intervalSeconds: 60 });
    expect(await world.count({ ip: 'a', other: 'b' })).toEqual({ status: 'unknown_name' });
    expect((await world.count({ ip: 'a' })).status).toBe('counted');
  });

  it('is known to another process at once, and changes there after two seconds', async () => {
    const world = new World();
    const other = world.process();
    const values = new Map([['ip', 'a']]);
    expect((await other.count(SERVICE, values)).status).toBe('unknown_name');
    const id = await world.limit('ip', { max: 1, intervalSeconds: 3_600 });
    expect((await other.count(SERVICE, values)).status).toBe('counted');
    await world.rates.remove(SERVICE, id);
    expect((await world.count({ ip: 'a' })).status).toBe('unknown_name');
    expect((await other.count(SERVICE, values)).status).toBe('refused');
    world.clock += 2_001;
    expect((await other.count(SERVICE, values)).status).toBe('unknown_name');
  });

  it('begins anew when it was deleted and made again, and when a bucket gets another interval; not with another max', async () => {
    const world = new World();
    const id = await world.limit('ip', { max: 1, intervalSeconds: 60 });
    await world.count({ ip: 'a' });
    await world.rates.remove(SERVICE, id);
    const again = await world.limit('ip', { max: 1, intervalSeconds: 60 });
    expect(await world.counted(2, { ip: 'a' })).toEqual(['counted', 'refused']);
    const bucket = (await world.rates.list(SERVICE))[0]?.buckets[0]?.id ?? '';
    await world.rates.updateBucket(SERVICE, again, bucket, { max: 2 });
    expect(await world.counted(2, { ip: 'a' })).toEqual(['counted', 'refused']);
    await world.rates.updateBucket(SERVICE, again, bucket, { intervalSeconds: 61 });
    expect(await world.counted(3, { ip: 'a' })).toEqual(['counted', 'counted', 'refused']);
  });

  it('is one of at most twenty, with at most five buckets, of many made at once', async () => {
    const world = new World();
    const limits = await Promise.all(
      Array.from({ length: 30 }, (_, index) => world.rates.create(SERVICE, { uniqueName: `limit-${index}`, description: undefined })),
    );
    expect(limits.filter((limit) => limit === 'too_many').length).toBe(10);
    expect(await world.rates.create(SERVICE, { uniqueName: 'limit-0', description: undefined })).toBe('taken');
    const [first] = await world.rates.list(SERVICE);
    const buckets = await Promise.all(
      Array.from({ length: 8 }, (_, index) => world.rates.createBucket(SERVICE, first?.id ?? '', { max: 1, intervalSeconds: index + 1 })),
    );
    expect(buckets.filter((bucket) => bucket === 'too_many').length).toBe(3);
    expect(await world.rates.createBucket(SERVICE, first?.id ?? '', { max: 1, intervalSeconds: 1 })).toBe('taken');
    expect(await world.rates.createBucket(SERVICE, `RK${'0'.repeat(32)}`, { max: 1, intervalSeconds: 1 })).toBeUndefined();
  });

  it('keeps neither names in the journal nor values anywhere', async () => {
    const world = new World();
    const id = await world.limit('name-of-a-limit', { max: 5, intervalSeconds: 60 });
    await world.rates.update(SERVICE, id, { description: 'what it says' }, { by: 'someone' });
    await world.count({ 'name-of-a-limit': '203.0.113.77' });
    const { entries } = await world.store.entries({ limit: 100 }, undefined);
    expect(entries.map(({ type, service }) => [type, service])).toEqual([
      ['send_limit_created', SERVICE],
      ['send_bucket_created', SERVICE],
      ['send_limit_updated', SERVICE],
    ]);
    const kept = JSON.stringify([
      entries,
      await world.store.list('send_count', '', undefined, 10),
      await world.store.list('send_limits', '', undefined, 10),
    ]);
    expect(JSON.stringify(entries)).not.toMatch(/name-of-a-limit|what it says/);
    expect(kept).toContain('name-of-a-limit');
    expect(kept).not.toContain('203.0.113.77');
  });

  it('leaves no record behind its window, nor behind its last limit', async () => {
    const world = new World();
    const id = await world.limit('ip', { max: 5, intervalSeconds: 60 });
    await world.count({ ip: 'a' });
    await world.rates.remove(SERVICE, id);
    world.clock += 60_000;
    expect(await world.store.sweep(10)).toBe(2);
  });
});

describe('a window', () => {
  const bucket = { max: 2, intervalSeconds: 60 };
  const decide = decideCountSend(bucket);

  it('I17 locks nobody out for longer than its interval when the clock is set back, and frees nothing', () => {
    const first = decide(undefined, T0).next?.body;
    const full = decide(first, T0).next?.body;
    const back = T0 - 3_600_000;
    const refused = decide(full, back);
    expect(refused.result).toEqual({ isCounted: false, fullUntil: back + 60_000 });
    const moved = refused.next?.body;
    expect(decide(moved, back + 59_999).result.isCounted).toBe(false);
    expect(decide(moved, back + 60_000).result.isCounted).toBe(true);
  });

  it.each(['', '[]', '[2,1,1]', '[1,1]', '[1,"1",1]', '[1,1,0]'])('reads nothing into a record that is none: %s', (body) => {
    expect(() => decide(body, T0)).toThrow(expect.objectContaining({ code: 'store_unavailable' }));
  });
});

describe('the record of send limits', () => {
  const id = `RK${'0'.repeat(32)}`;

  it.each([
    '',
    '[2]',
    '[1,1]',
    `[1,["${id}","a",0,1,1]]`,
    `[1,["RK","a",0,1,1,[]]]`,
    `[1,["${id}",1,0,1,1,[]]]`,
    `[1,["${id}","a",0,1,1,0]]`,
    `[1,["${id}","a",0,1,1,[["BL",1,1,1,1]]]]`,
    `[1,["${id}","a",0,1,1,[["BL${'0'.repeat(32)}",0,1,1,1]]]]`,
  ])('reads nothing into one that is none: %s', (body) => {
    expect(() => decodeSendLimits(body)).toThrow(expect.objectContaining({ code: 'store_unavailable' }));
  });
});
