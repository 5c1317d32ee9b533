import { describe, expect, it } from 'vitest';
import { createFakeClock } from './fake-clock.ts';

describe('fake clock', () => {
  it('stands still until it is moved', () => {
    const clock = createFakeClock(1_000);
    expect([clock.now(), clock.now()]).toEqual([1_000, 1_000]);
    clock.advance(1);
    expect(clock.now()).toBe(1_001);
  });

  it('can be set back', () => {
    const clock = createFakeClock(1_000);
    clock.advance(-400);
    expect(clock.now()).toBe(600);
    clock.set(0);
    expect(clock.now()).toBe(0);
  });

  it('begins at a time that is neither a whole minute nor a whole second, the same each time', () => {
    const { now } = createFakeClock();
    expect(now() % 60_000).not.toBe(0);
    expect(now() % 1_000).not.toBe(0);
    expect(createFakeClock().now()).toBe(now());
  });

  it.each([0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])('refuses %s milliseconds', (time) => {
    const clock = createFakeClock();
    expect(() => clock.set(time)).toThrow(TypeError);
    expect(() => clock.advance(time)).toThrow(TypeError);
    expect(() => createFakeClock(time)).toThrow(TypeError);
  });
});
