import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { decideSweepClaim, decideSweepEnd } from '../../src/service/sweep-lease.ts';
import { startSweeper } from '../../src/service/sweeper.ts';
import { createSqliteStore } from '../../src/stores/sqlite.ts';
import type { Decision, Store } from '../../src/stores/store.ts';
import { createFolder } from '../cli/run-cli.ts';

const LEASE = 30_000;
const INTERVAL = 60_000;
const claimOf = (holder: string) => decideSweepClaim({ holder, lease: LEASE, interval: INTERVAL });
const bodyOf = ({ next }: Decision<boolean>) => next?.body;

describe('the lease of the sweeper', () => {
  it('is taken by one, and by another when the round is over and the interval has passed', () => {
    const first = claimOf('a')(undefined, 1_000);
    expect(first.result).toBe(true);
    expect(claimOf('a')(bodyOf(first), 2_000).result).toBe(false);
    expect(claimOf('b')(bodyOf(first), 2_000).result).toBe(false);
    const ended = decideSweepEnd({ holder: 'a' })(bodyOf(first), 3_000);
    expect(claimOf('b')(bodyOf(ended), 3_000 + INTERVAL - 1).result).toBe(false);
    expect(claimOf('b')(bodyOf(ended), 3_000 + INTERVAL).result).toBe(true);
  });

  it('passes on when its holder is gone', () => {
    const first = claimOf('a')(undefined, 1_000);
    expect(claimOf('b')(bodyOf(first), 1_000 + LEASE - 1).result).toBe(false);
    expect(claimOf('b')(bodyOf(first), 1_000 + LEASE).result).toBe(true);
  });

  it('is not given back by one that lost it meanwhile', () => {
    const second = claimOf('b')(bodyOf(claimOf('a')(undefined, 0)), LEASE);
    expect(decideSweepEnd({ holder: 'a' })(bodyOf(second), LEASE + 1)).toEqual({ result: false });
  });

  it.each(['', 'null', '{}', '{"version":2,"holder":"a","until":9e15,"sweptAt":9e15}', '{"version":1,"holder":"a","until":9e15,"sweptAt":9e15}'])(
    'is taken where it cannot be read, or was written by a clock that was wrong: %s',
    (body) => {
      expect(claimOf('b')(body, 1_000).result).toBe(true);
    },
  );
});

/** A handle on the file, as another process has it, that counts who is sweeping. */
function openCounted(path: string, sweeping: { now: number; most: number }): Store {
  const store = createSqliteStore({ path });
  onTestFinished(() => store.close());
  const sweep = async (limit: number) => {
    sweeping.now += 1;
    sweeping.most = Math.max(sweeping.most, sweeping.now);
    const removed = await store.sweep(limit);
    sweeping.now -= 1;
    return removed;
  };
  return new Proxy(store, {
    get(target, name) {
      const value: unknown = name === 'sweep' ? sweep : Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

describe('the sweeper', () => {
  it('sweeps in one of several at a time, and once in an interval', async () => {
    const path = join(createFolder(), 'a.db');
    const sweeping = { now: 0, most: 0 };
    const sweepers = Array.from({ length: 4 }, () =>
      startSweeper({
        store: openCounted(path, sweeping),
        interval: INTERVAL,
        onSwept: () => undefined,
        onFailed: (error) => expect.unreachable(String(error)),
      }),
    );
    const rounds = await Promise.all(sweepers.flatMap((sweeper) => Array.from({ length: 5 }, () => sweeper.sweep())));
    expect(rounds.filter((removed) => removed !== undefined)).toEqual([0]);
    expect(sweeping.most).toBe(1);
    await Promise.all(sweepers.map((sweeper) => sweeper.stop()));
  });
});
