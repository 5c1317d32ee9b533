import { describe, expect, it } from 'vitest';
import { createSharedPing } from '../../src/service/shared-ping.ts';

describe('a ping that all share', () => {
  it('is made once a second at most, and tells everybody what it came to', async () => {
    let [now, pings, isAway] = [0, 0, false];
    const ping = createSharedPing(
      async () => {
        pings += 1;
        if (isAway) throw new Error('away');
      },
      () => now,
    );
    await Promise.all(Array.from({ length: 100 }, ping));
    now = 999;
    isAway = true;
    await ping();
    expect(pings).toBe(1);
    now = 1_000;
    for (let time = 0; time < 10; time += 1) await expect(ping()).rejects.toThrow('away');
    expect(pings).toBe(2);
    isAway = false;
    now = 2_000;
    await ping();
    expect(pings).toBe(3);
  });

  it('is not made beside one that is under way', async () => {
    let [now, pings] = [0, 0];
    const answers: (() => void)[] = [];
    const ping = createSharedPing(
      () => {
        pings += 1;
        return new Promise((resolve) => answers.push(resolve));
      },
      () => now,
    );
    const first = ping();
    now = 5_000;
    const second = ping();
    expect(pings).toBe(1);
    answers[0]?.();
    await Promise.all([first, second]);
    void ping();
    expect(pings).toBe(2);
  });
});
