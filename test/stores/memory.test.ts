import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/stores/memory.ts';
import { codeOf, createTestClock, HOUR, increment, itBehavesAsAStore, keyOf, MINUTE, put, START } from './store-behaviour.ts';

describe('memory store', () => {
  itBehavesAsAStore((clock) => createMemoryStore({ clock }));

  it('says what it is', () => {
    expect(createMemoryStore().describe()).toEqual({ name: 'memory', durable: false });
  });

  it('goes by the machine’s clock unless it is given one', async () => {
    const before = Date.now();
    const { now } = await createMemoryStore().read(keyOf('a'));
    expect(now).toBeGreaterThanOrEqual(before);
    expect(now).toBeLessThanOrEqual(Date.now());
  });

  it('decides calls made in one go together, on one reading of the clock', async () => {
    let readings = 0;
    const store = createMemoryStore({ clock: { now: () => START + ++readings } });
    await Promise.all(Array.from({ length: 100 }, () => store.update(keyOf('a'), increment)));
    // One when it is read, one before it is written.
    expect(readings).toBe(2);
  });

  it('removes at the millisecond: at expiry, and a minute after the last write', async () => {
    const clock = createTestClock();
    const store = createMemoryStore({ clock });
    await store.update(keyOf('soon'), put('x', START));
    await store.update(keyOf('hour'), put('x', START + HOUR));
    clock.advance(MINUTE - 1);
    expect(await store.sweep(10)).toBe(0);
    clock.advance(1);
    expect(await store.sweep(10)).toBe(1);
    clock.advance(HOUR - MINUTE - 1);
    expect(await store.sweep(10)).toBe(0);
    clock.advance(1);
    expect(await store.sweep(10)).toBe(1);
  });

  describe('with maxRecords', () => {
    it('refuses one record more, and pushes none out', async () => {
      const store = createMemoryStore({ maxRecords: 2 });
      const calls = ['a', 'b', 'c', 'a'].map((id) => store.update(keyOf(id), increment));
      expect(await Promise.all(calls.map(codeOf))).toEqual(['resolved', 'resolved', 'store_unavailable', 'resolved']);
      expect(await store.update(keyOf('a'), increment)).toBe(3);
      expect(await store.update(keyOf('c'), () => ({ result: 'read only' }))).toBe('read only');
    });

    it('refuses the call that would make the record, and answers its neighbours', async () => {
      const store = createMemoryStore({ maxRecords: 1 });
      await store.update(keyOf('a'), increment);
      const calls = [store.update(keyOf('b'), () => ({ result: 0 })), store.update(keyOf('b'), increment)];
      expect(await Promise.all(calls.map(codeOf))).toEqual(['resolved', 'store_unavailable']);
    });

    it('makes room by what has expired', async () => {
      const clock = createTestClock();
      const store = createMemoryStore({ clock, maxRecords: 2 });
      await store.update(keyOf('a'), put('x', START + MINUTE));
      await store.update(keyOf('b'), put('x'));
      expect(await codeOf(store.update(keyOf('c'), increment))).toBe('store_unavailable');
      clock.advance(MINUTE);
      expect(await store.update(keyOf('c'), increment)).toBe(1);
      expect((await store.list('test', '', undefined, 10)).map(({ id }) => id)).toEqual(['b', 'c']);
    });

    it.each([0, -1, 1.5, Number.NaN])('refuses %d', (maxRecords) => {
      expect(() => createMemoryStore({ maxRecords })).toThrow(expect.objectContaining({ code: 'configuration_invalid', field: 'maxRecords' }));
    });
  });
});
