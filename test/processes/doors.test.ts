import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { MINUTE, SECOND } from '../../src/core/duration.ts';
import type { IdempotencyOutcome } from '../../src/engine/idempotency.ts';
import { type RateLimit, toPace } from '../../src/engine/rate-rule.ts';
import { createSqliteStore } from '../../src/stores/sqlite.ts';
import { T0 } from '../builders.ts';
import { useTemporaryFiles } from '../stores/sqlite-files.ts';
import { range } from '../tenants-world.ts';
import { assertBuilt } from './crew.ts';

const SCRIPT = fileURLToPath(new URL('doors-child.js', import.meta.url));
const PROCESSES = 4;
const newPath = useTemporaryFiles();
const children: ChildProcess[] = [];

// "advanced": dates arrive as dates.
const hire = () => children.push(fork(SCRIPT, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], serialization: 'advanced' }));

/** Tells a process what to do; resolves with what came of it. One at a time. */
async function tell<T>(child: ChildProcess | undefined, order: string, given: object = {}): Promise<T> {
  if (child === undefined) throw new Error('there is no such process');
  const listening = new AbortController();
  const { signal } = listening;
  const ended = once(child, 'exit', { signal }).then(([code, by]) => Promise.reject(new Error(`the process ended with ${code ?? by}`)));
  child.send({ order, ...given });
  const [{ answer }] = (await Promise.race([once(child, 'message', { signal }), ended])) as [{ answer: T }];
  listening.abort();
  return answer;
}

/** Tells all processes at once. */
const tellAll = <T>(order: string, given: object = {}) => Promise.all(children.map((child) => tell<T>(child, order, given)));

beforeAll(() => {
  assertBuilt();
  for (const _ of range(PROCESSES)) hire();
});
afterEach(() => tellAll('close'));
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
});

describe('a rate limit of four processes', () => {
  interface Taken {
    readonly allowed: number;
    readonly from: number;
    readonly until: number;
  }
  const sumOf = (taken: readonly Taken[]) => taken.reduce((sum, { allowed }) => sum + allowed, 0);

  it.each([
    [1, 1_500],
    [7, 300],
    [300, 10],
  ])('is never passed, and short by a lease for each at the most: %i calls at once', async (perTurn, turns) => {
    await tellAll('open', { path: newPath(), time: T0 });
    const limit: RateLimit = { perMinute: 120_000, burst: 2_000 };
    const { lease } = toPace(limit);
    const allowed = sumOf(await tellAll<Taken>('takeSoMany', { limit, perTurn, turns }));
    expect(allowed).toBeLessThanOrEqual(2_000);
    // One more: what is taken ahead from a full burst is charged for its end.
    expect(allowed).toBeGreaterThanOrEqual(2_000 - (PROCESSES + 1) * lease);
  });

  it('is never passed while the clock goes on', async () => {
    await tellAll('open', { path: newPath() });
    const limit: RateLimit = { perMinute: 60_000, burst: 200 };
    for (const perTurn of [1, 20]) {
      const taken = await tellAll<Taken>('takeForSoLong', { limit, perTurn, milliseconds: 400 });
      const elapsed = Math.max(...taken.map(({ until }) => until)) - Math.min(...taken.map(({ from }) => from)) + 1;
      expect(sumOf(taken)).toBeLessThanOrEqual(limit.burst + elapsed);
      expect(sumOf(taken)).toBeGreaterThan(0);
    }
  });
});

describe('idempotency over four processes', () => {
  const effectsOf = async (path: string) => {
    const store = createSqliteStore({ path });
    const effects = await store.list('effect', '', undefined, 1_000);
    await store.close();
    return effects.map(({ id, body }) => `${id}: ${body}`);
  };

  it('I11 one effect per key, and one answer to all', async () => {
    const path = newPath();
    await tellAll('open', { path });
    const keys = range(60).map((index) => `key ${index + 100}`);
    const outcomes = (await tellAll<IdempotencyOutcome[]>('run', { keys: [...keys, ...keys, ...keys] })).flat();
    expect(outcomes).toHaveLength(PROCESSES * 3 * keys.length);
    expect(await effectsOf(path)).toEqual(keys.map((key) => `${key}: 1`));
    const answers = outcomes.flatMap((outcome) => (outcome.kind === 'answer' ? [outcome] : []));
    expect(answers.filter(({ replayed }) => !replayed)).toHaveLength(keys.length);
    expect(new Set(answers.map(({ answer }) => JSON.stringify(answer))).size).toBe(keys.length);
    expect(outcomes.filter(({ kind }) => kind === 'mismatch')).toEqual([]);
    const later = (await tellAll<IdempotencyOutcome[]>('run', { keys })).flat();
    const expected = keys.map((key) => ({ kind: 'answer', answer: { status: 201, body: { key, count: 1 } }, replayed: true }));
    expect(later).toEqual(range(PROCESSES).flatMap(() => expected));
    expect(await effectsOf(path)).toHaveLength(keys.length);
  });

  it('a process that is killed leaves its key to the next one after 60 s, and to one alone', async () => {
    const path = newPath();
    await tellAll('open', { path, time: T0 });
    const killed = children.shift();
    await tell(killed, 'begin', { key: 'key' });
    killed?.kill('SIGKILL');
    const running = { kind: 'running', retryAt: new Date(T0 + SECOND) };
    expect((await tellAll<IdempotencyOutcome[]>('run', { keys: ['key'] })).flat()).toEqual(Array(3).fill(running));
    await tellAll('set', { time: T0 + MINUTE });
    const outcomes = (await tellAll<IdempotencyOutcome[]>('run', { keys: ['key', 'key'] })).flat();
    expect(outcomes.filter((outcome) => outcome.kind === 'answer' && !outcome.replayed)).toHaveLength(1);
    expect(await effectsOf(path)).toEqual(['key: 2']);
  });
});
