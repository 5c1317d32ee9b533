import { describe, expect, it } from 'vitest';
import { rejectionOf, T0 } from '../../test/builders.ts';
import { createKeyRing } from '../core/keys.ts';
import { createMemoryStore } from '../stores/memory.ts';
import { createDeliveries } from './deliveries.ts';

const keys = createKeyRing({ secret: 'a secret of at least 32 random bytes' });

function entry(type: string, at: number, service = 'VA1') {
  const data = {
    deliveryId: `VL${at - T0}`,
    verificationId: 'VE1',
    purpose: 'login',
    channel: 'sms',
    to: '+1********71',
    state: 'sent',
    sentAt: at - 5,
  };
  return { at, service, type, destination: keys.destinationKey('+14155552671'), data: JSON.stringify(data) };
}

describe('deliveries', () => {
  it('are found among checks and acts, and a page that is short of them goes on', async () => {
    const store = createMemoryStore();
    await store.append([
      ...Array.from({ length: 60 }, (_, at) => entry('check', T0 + at)),
      entry('delivery', T0 + 60),
      entry('delivery', T0 + 61, 'VA2'),
    ]);
    const deliveries = createDeliveries({ store, keys });
    const first = await deliveries.list({ service: 'VA1', limit: 5 });
    expect(first.items).toEqual([]);
    const second = await deliveries.list({ service: 'VA1', limit: 5, cursor: first.cursor });
    expect(second).toEqual({
      items: [
        {
          id: 'VL60',
          verificationId: 'VE1',
          service: 'VA1',
          purpose: 'login',
          channel: 'sms',
          to: '+1********71',
          status: 'sent',
          sentAt: '2026-01-01T00:00:00.055Z',
          settledAt: '2026-01-01T00:00:00.060Z',
        },
      ],
    });
    expect((await deliveries.list({ to: '+1 415 555 2671', limit: 100 })).items).toHaveLength(2);
    expect((await deliveries.list({ to: '+14155552672', limit: 100 })).items).toEqual([]);
    expect((await deliveries.list({ from: '2026-01-01T00:00:00.061Z', limit: 100 })).items.map(({ service }) => service)).toEqual(['VA2']);
    expect((await deliveries.list({ until: '2026-01-01T01:00:00.061+01:00', limit: 100 })).items.map(({ service }) => service)).toEqual(['VA1']);
  });

  it('I12 come with a cursor that tells nothing of other services, and is good for its own alone', async () => {
    const store = createMemoryStore();
    await store.append([
      ...Array.from({ length: 50 }, (_, at) => entry('delivery', T0 + at, 'VA2')),
      entry('delivery', T0 + 60),
      entry('delivery', T0 + 61),
    ]);
    const deliveries = createDeliveries({ store, keys });
    const list = (service: string, cursor?: string) => deliveries.list({ service, limit: 1, cursor });
    const { cursor } = await list('VA1');
    const plain = (await store.entries({ service: 'VA1', limit: 1 }, undefined)).cursor;
    expect(plain).toBeDefined();
    expect((await list('VA1')).cursor).not.toBe(cursor);
    expect((await list('VA1', cursor)).items).toMatchObject([{ settledAt: '2026-01-01T00:00:00.061Z' }]);
    for (const given of [cursor, plain]) expect(await rejectionOf(list('VA2', given))).toMatchObject({ code: 'invalid_request', field: 'cursor' });
    const rotated = createKeyRing({ keys: [{ secret: 'another secret of at least 32 bytes' }, { secret: 'a secret of at least 32 random bytes' }] });
    expect((await createDeliveries({ store, keys: rotated }).list({ service: 'VA1', limit: 1, cursor })).items).toHaveLength(1);
  });

  it.each([
    ['from', 'today'],
    ['from', '2026-02-30T00:00:00Z'],
    ['until', '2026-02-01'],
    ['from', '2026-13-01T00:00:00Z'],
    ['cursor', 'x'],
  ])('refuse %s %s', async (field, value) => {
    const refused = await rejectionOf(createDeliveries({ store: createMemoryStore(), keys }).list({ [field]: value, limit: 1 }));
    expect(refused).toMatchObject({ code: 'invalid_request', field });
  });
});
