import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { errorOf, T0 } from '../../test/builders.ts';
import { CounterDesk, expectAdded, expectFree, KEY, RING } from '../../test/counter-desk.ts';
import { DAY, HOUR, MINUTE } from '../core/duration.ts';
import { type CarryOverOutcome, decideCarryOver } from './carry-over-counter.ts';
import { CLAIM_LIFE, type CounterRung } from './counter-record.ts';

const CREATED = T0 - 100 * DAY;

/** A counter from elsewhere brought to a desk. */
const bring = (
  desk: CounterDesk,
  given: { readonly count: number; readonly expires?: number | undefined; readonly createdAt?: number | undefined },
) => desk.run(decideCarryOver({ key: desk.key, expires: undefined, createdAt: undefined, ...given, waits: desk.waits }));

describe('a counter from elsewhere', () => {
  it('goes on where it stood: its wait, then the next rung', () => {
    const desk = new CounterDesk();
    expect(bring(desk, { count: 2, expires: T0 + MINUTE, createdAt: CREATED })).toBe('carried_over');
    expect(desk.check()).toEqual({ status: 'too_soon', retryAt: T0 + MINUTE });
    desk.clock = T0 + MINUTE;
    expect(desk.send()).toEqual({ id: KEY.id, count: 3, expires: desk.clock + 15 * MINUTE, createdAt: CREATED });
  });

  it('whose last wait is over begins again at its foot', () => {
    const desk = new CounterDesk();
    bring(desk, { count: 4, expires: T0 - 1 });
    expect(desk.send()).toMatchObject({ count: 1 });
  });

  it('whose wait is long over is kept for 30 days from now', () => {
    const desk = new CounterDesk();
    bring(desk, { count: 1, expires: CREATED, createdAt: CREATED });
    expect(desk.next?.expiresAt).toBe(T0 + 30 * DAY);
    expect(expectFree(desk.check()).count).toBe(1);
  });

  it('without a wait or a beginning has neither: both are now', () => {
    const desk = new CounterDesk();
    bring(desk, { count: 0 });
    expect(desk.check()).toEqual({ status: 'free', counter: { id: KEY.id, count: 0, expires: T0, createdAt: T0 } });
  });

  it('takes the place of one that was deleted here, and a claim that lives goes on', () => {
    const desk = new CounterDesk();
    desk.check();
    desk.remove();
    expect(bring(desk, { count: 1, expires: T0 })).toBe('carried_over');
    expect(desk.check()).toEqual({ status: 'claimed', retryAt: T0 + CLAIM_LIFE });
  });

  it('brought again is already there, and changes nothing', () => {
    const desk = new CounterDesk();
    for (const given of [{ count: 2, expires: T0 + MINUTE }, { count: 0 }, { count: 4, expires: T0 - DAY }]) {
      desk.next = undefined;
      bring(desk, given);
      const written = desk.next;
      desk.clock += 1;
      expect(bring(desk, given)).toBe('already_there');
      expect(desk.next).toBe(written);
    }
  });

  it.each<
    [
      name: string,
      here: Omit<CounterRung, 'createdAt'>,
      given: Omit<CounterRung, 'createdAt'>,
      outcome: CarryOverOutcome,
      count: number,
      expires: number,
    ]
  >([
    ['earlier and lower', { count: 2, expires: 5 }, { count: 1, expires: 4 }, 'already_there', 2, 5],
    ['later', { count: 2, expires: 5 }, { count: 2, expires: 6 }, 'made_stricter', 2, 6],
    ['higher', { count: 2, expires: 5 }, { count: 3, expires: 5 }, 'made_stricter', 3, 5],
    ['later and lower', { count: 2, expires: 5 }, { count: 1, expires: 6 }, 'made_stricter', 2, 6],
    ['earlier and higher', { count: 2, expires: 5 }, { count: 3, expires: 4 }, 'made_stricter', 3, 5],
    ['at its last rung, behind which the first follows', { count: 3, expires: 5 }, { count: 4, expires: 4 }, 'already_there', 3, 5],
    ['lower than the last rung here', { count: 4, expires: 5 }, { count: 3, expires: 5 }, 'made_stricter', 3, 5],
    ['at its foot, where the last rung is here', { count: 4, expires: 5 }, { count: 0, expires: 5 }, 'already_there', 4, 5],
    ['later, and yet over', { count: 1, expires: -5 }, { count: 1, expires: -4 }, 'already_there', 1, -5],
  ])('is %s: the stricter stays', (_name, here, given, outcome, count, expires) => {
    const desk = new CounterDesk();
    bring(desk, { ...here, expires: T0 + here.expires, createdAt: CREATED });
    expect(bring(desk, { ...given, expires: T0 + given.expires, createdAt: CREATED + 1 })).toBe(outcome);
    expect(desk.record()?.rung).toEqual({ count, expires: T0 + expires, createdAt: CREATED });
  });

  it('I5 never lets a message go sooner than the one that is here would, now or after it', () => {
    const rung = fc.record({ count: fc.nat(4), expires: fc.integer({ min: T0 - DAY, max: T0 + DAY }) });
    fc.assert(
      fc.property(rung, rung, (here, given) => {
        const [before, after] = [new CounterDesk(), new CounterDesk()];
        for (const desk of [before, after]) bring(desk, here);
        bring(after, given);
        const [untouched, merged] = [before, after].map((desk) => {
          const first = Math.max(desk.clock, desk.record()!.rung!.expires);
          desk.clock = first;
          return [first, desk.send().expires] as const;
        });
        expect(merged![0]).toBeGreaterThanOrEqual(untouched![0]);
        expect(merged![1]).toBeGreaterThanOrEqual(untouched![1]);
      }),
    );
  });

  it('made stricter under a live claim makes what was checked stale, unless it says the same', () => {
    const desk = new CounterDesk();
    const counter = expectFree(desk.check('mine'));
    bring(desk, { count: 1, expires: T0 + HOUR });
    expect(desk.add(counter, 'mine')).toEqual({ status: 'stale', retryAt: T0 + HOUR });
    expect(desk.check('mine')).toEqual({ status: 'too_soon', retryAt: T0 + HOUR });
    const other = new CounterDesk();
    const same = expectFree(other.check('mine'));
    expect(bring(other, { count: 0 })).toBe('already_there');
    expect(expectAdded(other.add(same, 'mine')).count).toBe(1);
  });

  it('is refused where another pair has its id', () => {
    const desk = new CounterDesk();
    desk.send();
    const key = { ...RING.counterKey('+12025550144', 'bob'), id: KEY.id };
    const error = errorOf(() => desk.run(decideCarryOver({ key, count: 1, expires: T0, createdAt: T0, waits: desk.waits })));
    expect(error.code).toBe('store_unavailable');
  });
});
