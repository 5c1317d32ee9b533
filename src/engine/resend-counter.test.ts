import { describe, expect, it } from 'vitest';
import { errorOf, T0 } from '../../test/builders.ts';
import { CounterDesk, expectAdded, expectFree, KEY, RING } from '../../test/counter-desk.ts';
import { DAY, MINUTE, SECOND } from '../core/duration.ts';
import { CLAIM_LIFE, COUNTER_RETENTION, toCounterRecordKey } from './counter-record.ts';
import { decideAddCount, decideCheckCount } from './resend-counter.ts';

const WAITS = [2 * MINUTE, 5 * MINUTE, 15 * MINUTE, DAY] as const;
const NEW = { id: KEY.id, count: 0, expires: T0, createdAt: T0 };

describe('a check of a resend counter', () => {
  it('makes a counter for a new pair, without a wait, and claims it', () => {
    const desk = new CounterDesk();
    expect(desk.check('mine')).toEqual({ status: 'free', counter: NEW });
    const { id, ...pair } = KEY;
    expect(desk.record()).toEqual({
      ...{ ...pair, seen: T0, claim: { id: 'mine', at: T0 } },
      rung: { count: 0, expires: T0, createdAt: T0 },
    });
    expect(desk.next?.expiresAt).toBe(T0 + COUNTER_RETENTION);
    expect(toCounterRecordKey(id)).toEqual({ kind: 'counter', partition: '', id: String(NEW.id) });
  });

  it.each([
    [1, 2 * MINUTE],
    [2, 5 * MINUTE],
    [3, 15 * MINUTE],
    [4, DAY],
  ])('I5 I17 is too soon to the millisecond before the wait after message %i is over, and free when it is', (count, wait) => {
    const desk = new CounterDesk();
    for (const earlier of WAITS.slice(0, count - 1)) {
      desk.send();
      desk.clock += earlier;
    }
    const sentAt = desk.clock;
    expect(desk.send()).toEqual({ ...NEW, count, expires: sentAt + wait });
    for (const early of [0, 1, wait - 1]) {
      desk.clock = sentAt + early;
      expect(desk.check()).toEqual({ status: 'too_soon', retryAt: sentAt + wait });
    }
    desk.clock = sentAt + wait;
    expect(desk.check()).toEqual({ status: 'free', counter: { ...NEW, count: count === 4 ? 0 : count, expires: sentAt + wait } });
  });

  it('begins again behind the last wait: the counter it gives says 0, is committed so, and the next rung is the first', () => {
    const desk = new CounterDesk();
    for (const wait of WAITS) {
      desk.send();
      desk.clock += wait;
    }
    expect(desk.record()?.rung?.count).toBe(4);
    const counter = expectFree(desk.check('again'));
    expect([counter.count, desk.record()?.rung?.count]).toEqual([0, 0]);
    expect(expectAdded(desk.add(counter, 'again'))).toMatchObject({ count: 1, expires: desk.clock + 2 * MINUTE, createdAt: T0 });
  });

  it('that claimed a reset and crashed is followed by one that says 0 as well', () => {
    const desk = new CounterDesk([MINUTE]);
    desk.send();
    desk.clock += MINUTE;
    expect(expectFree(desk.check()).count).toBe(0);
    desk.clock += CLAIM_LIFE;
    expect(expectFree(desk.check()).count).toBe(0);
  });

  it('I17 is refused while another claim lives, to the millisecond, and takes over when it has lapsed', () => {
    const desk = new CounterDesk();
    desk.check();
    for (const early of [0, 1, 15 * SECOND - 1]) {
      desk.clock = T0 + early;
      expect(desk.check()).toEqual({ status: 'claimed', retryAt: T0 + 15 * SECOND });
    }
    desk.clock = T0 + 15 * SECOND;
    expect(desk.check('second')).toEqual({ status: 'free', counter: NEW });
    expect(desk.record()?.claim).toEqual({ id: 'second', at: desk.clock });
    expect(desk.check()).toEqual({ status: 'claimed', retryAt: T0 + 30 * SECOND });
  });

  it('under its own live claim is answered again, and prolongs nothing', () => {
    const desk = new CounterDesk();
    const first = desk.check('mine');
    const written = desk.next;
    desk.clock += CLAIM_LIFE - 1;
    expect(desk.check('mine')).toEqual(first);
    expect(desk.next).toBe(written);
    desk.clock += 1;
    expect(expectFree(desk.check('other'))).toEqual(NEW);
    expect(desk.check('mine')).toMatchObject({ status: 'claimed' });
  });

  it('goes on under waits that have changed: fewer begin again sooner, more go on', () => {
    const long = new CounterDesk([1, 1, 1, 1]);
    for (let sent = 0; sent < 3; sent += 1) {
      long.send();
      long.clock += 1;
    }
    const continued = (waits: readonly number[]) => {
      const desk = new CounterDesk(waits);
      Object.assign(desk, { next: long.next, clock: long.clock });
      return desk.send();
    };
    expect(continued([MINUTE, DAY])).toMatchObject({ count: 1, expires: long.clock + MINUTE });
    expect(continued([1, 1, 1, MINUTE, DAY])).toMatchObject({ count: 4, expires: long.clock + MINUTE });
  });
});

describe('a rung of a resend counter', () => {
  it('is climbed once with one counter, however often it is added to', () => {
    const desk = new CounterDesk();
    const counter = expectFree(desk.check('mine'));
    const outcomes = Array.from({ length: 100 }, () => desk.add(counter, 'mine'));
    const added = { status: 'added', counter: { ...NEW, count: 1, expires: T0 + 2 * MINUTE } };
    expect(outcomes).toEqual([added, ...Array(99).fill({ status: 'stale', retryAt: T0 + 2 * MINUTE })]);
    expect(desk.record()?.claim).toBeUndefined();
  });

  it('begins its wait when it is climbed, not when it was claimed', () => {
    const desk = new CounterDesk();
    const counter = expectFree(desk.check('mine'));
    desk.clock += CLAIM_LIFE - 1;
    expect(expectAdded(desk.add(counter, 'mine')).expires).toBe(desk.clock + 2 * MINUTE);
  });

  it.each([
    ['count', { count: 1, expires: T0 }],
    ['expires', { count: 0, expires: T0 + 1 }],
    ['count, as text', { count: '0' as unknown as number, expires: T0 }],
    ['count, missing', { count: undefined as unknown as number, expires: T0 }],
  ])('is not climbed with a stale counter, which has another %s', (_name, counter) => {
    const desk = new CounterDesk();
    desk.check('mine');
    const written = desk.next;
    expect(desk.add(counter, 'mine')).toEqual({ status: 'stale', retryAt: T0 + CLAIM_LIFE });
    expect(desk.next).toBe(written);
  });

  it('I17 is not climbed under a foreign claim, and the answer says when that ends', () => {
    const desk = new CounterDesk();
    desk.check('other');
    expect(desk.add(NEW, 'mine')).toEqual({ status: 'stale', retryAt: T0 + CLAIM_LIFE });
    desk.clock = T0 + CLAIM_LIFE;
    expect(desk.check().status).toBe('free');
  });

  it('is not climbed by a copy that has lost its claim: it would take the rung of whoever holds one now', () => {
    const desk = new CounterDesk();
    const late = expectFree(desk.check('late'));
    desk.clock = T0 + CLAIM_LIFE;
    const counter = expectFree(desk.check('mine'));
    expect(desk.add({ ...late }, '')).toEqual({ status: 'stale', retryAt: desk.clock + CLAIM_LIFE });
    expect(desk.add(counter, 'mine').status).toBe('added');
  });

  it('is not climbed when its claim has lapsed, to the millisecond', () => {
    const desk = new CounterDesk();
    const counter = expectFree(desk.check('mine'));
    desk.clock = T0 + CLAIM_LIFE;
    expect(desk.add(counter, 'mine')).toStrictEqual({ status: 'stale' });
    expect(desk.check().status).toBe('free');
  });

  it('is not climbed without a claim: before the wait is over it says until when that is, afterwards nothing', () => {
    const desk = new CounterDesk();
    const counter = desk.send();
    expect(desk.add(counter)).toEqual({ status: 'stale', retryAt: counter.expires });
    desk.clock = counter.expires - 1;
    expect(desk.add(counter)).toEqual({ status: 'stale', retryAt: counter.expires });
    desk.clock = counter.expires;
    expect(desk.add(counter)).toStrictEqual({ status: 'stale' });
  });

  it('is not climbed with an unknown counter', () => {
    const desk = new CounterDesk();
    expect(desk.add(NEW, 'mine')).toStrictEqual({ status: 'stale' });
    expect(desk.next).toBeUndefined();
  });

  it('waits as long as the longest there is where the waits became fewer since the check', () => {
    const desk = new CounterDesk([1, 2, 3]);
    for (const wait of [1, 2]) {
      desk.send();
      desk.clock += wait;
    }
    const { count, expires } = expectFree(desk.check('mine'));
    const outcome = desk.run(decideAddCount({ key: KEY, claimId: 'mine', count, expires, waits: [DAY] }));
    expect(expectAdded(outcome)).toMatchObject({ count: 3, expires: desk.clock + DAY });
  });
});

describe('a deleted resend counter', () => {
  it('was deleted once; an unknown one never', () => {
    const desk = new CounterDesk();
    expect(desk.remove()).toEqual({ deleted: false });
    expect(desk.next).toBeUndefined();
    desk.send();
    expect(desk.remove()).toEqual({ deleted: true });
    const written = desk.next;
    expect(desk.remove()).toEqual({ deleted: false });
    expect(desk.next).toBe(written);
  });

  it('is written: a short record that a store keeps for a minute', () => {
    const desk = new CounterDesk();
    desk.send();
    desk.clock += SECOND;
    desk.remove();
    const { id: _, ...pair } = KEY;
    expect(desk.record()).toEqual({ ...pair, seen: T0 + SECOND, claim: undefined, rung: undefined });
    expect(desk.next?.expiresAt).toBe(T0 + SECOND + MINUTE);
  });

  it('is followed by one at the foot, without a wait', () => {
    const desk = new CounterDesk();
    const old = desk.send();
    desk.clock += SECOND;
    desk.remove();
    expect(desk.check('mine')).toEqual({ status: 'free', counter: { ...NEW, expires: desk.clock, createdAt: desk.clock } });
    expect(desk.add(old)).toEqual({ status: 'stale', retryAt: desk.clock + CLAIM_LIFE });
    expect(desk.send.bind(desk)).toThrow('claimed');
  });

  it('lets nobody through whom a live claim would have held back: two checks send one message', () => {
    const desk = new CounterDesk();
    const counter = expectFree(desk.check('mine'));
    desk.clock += SECOND;
    desk.remove();
    expect(desk.check()).toEqual({ status: 'claimed', retryAt: T0 + CLAIM_LIFE });
    expect(desk.check('mine')).toEqual({ status: 'claimed', retryAt: T0 + CLAIM_LIFE });
    expect(desk.add(counter, 'mine')).toEqual({ status: 'stale', retryAt: T0 + CLAIM_LIFE });
    desk.clock = T0 + CLAIM_LIFE;
    expect(desk.add(counter, 'mine')).toStrictEqual({ status: 'stale' });
    expect(expectFree(desk.check()).createdAt).toBe(desk.clock);
  });
});

describe('the clock of a resend counter', () => {
  it('frees nothing early when it is set back: waits, claims and deletions stand', () => {
    const desk = new CounterDesk();
    const counter = expectFree(desk.check('mine'));
    desk.clock = T0 - DAY;
    expect(desk.check()).toEqual({ status: 'claimed', retryAt: T0 + CLAIM_LIFE });
    expect(expectAdded(desk.add(counter, 'mine')).expires).toBe(T0 + 2 * MINUTE);
    expect(desk.check()).toEqual({ status: 'too_soon', retryAt: T0 + 2 * MINUTE });
    desk.clock = T0 + 2 * MINUTE - 1;
    expect(desk.check().status).toBe('too_soon');
    desk.clock += 1;
    expect(desk.check().status).toBe('free');
    desk.clock = T0 - DAY;
    desk.remove();
    expect(desk.record()?.seen).toBe(T0 + 2 * MINUTE);
    expect(desk.check()).toEqual({ status: 'claimed', retryAt: T0 + 2 * MINUTE + CLAIM_LIFE });
  });

  it('forgets a counter 30 days after its wait, and a deleted one after a minute, whether a sweep came by or not', () => {
    const desk = new CounterDesk();
    desk.send();
    expect(desk.next?.expiresAt).toBe(T0 + 2 * MINUTE + 30 * DAY);
    desk.clock = T0 + 2 * MINUTE + 30 * DAY;
    const kept = new CounterDesk();
    Object.assign(kept, { next: desk.next, clock: desk.clock - 1 });
    expect(expectFree(kept.check())).toMatchObject({ count: 1, createdAt: T0 });
    expect(desk.add({ count: 1, expires: T0 + 2 * MINUTE })).toStrictEqual({ status: 'stale' });
    expect(desk.remove()).toEqual({ deleted: false });
    expect(expectFree(desk.check())).toMatchObject({ count: 0, createdAt: desk.clock });
  });

  it('keeps one whose wait ended long ago for 30 days after it was asked for', () => {
    const desk = new CounterDesk();
    desk.send();
    desk.clock += 10 * DAY;
    desk.check();
    expect(desk.next?.expiresAt).toBe(desk.clock + 30 * DAY);
  });
});

describe('two pairs under one id', () => {
  const other = { ...RING.counterKey('+12025550144', 'ada'), id: KEY.id };
  const cousin = { ...RING.counterKey('+12025550143', 'bob'), id: KEY.id };

  it.each([
    ['nothing alike', { ...RING.counterKey('+12025550144', 'bob'), id: KEY.id }],
    ['the user id alike', other],
    ['the unique id alike', cousin],
  ])('are store_unavailable for the second, which neither sees nor changes what is the first: %s', (_name, key) => {
    const desk = new CounterDesk();
    desk.send();
    const written = desk.next;
    for (const decide of [
      decideCheckCount({ key, claimId: 'c', waits: WAITS }),
      decideAddCount({ key, claimId: 'c', count: 1, expires: T0 + 2 * MINUTE, waits: WAITS }),
    ]) {
      const error = errorOf(() => desk.run<unknown>(decide));
      expect([error.code, error.message]).toEqual(['store_unavailable', 'the record of this resend counter belongs to another: two share one id']);
    }
    expect(desk.next).toBe(written);
  });

  it('are none once the first is forgotten', () => {
    const desk = new CounterDesk();
    desk.send();
    desk.clock += 31 * DAY;
    expect(desk.run(decideCheckCount({ key: other, claimId: 'c', waits: WAITS })).status).toBe('free');
  });
});
