import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { countByStatus, wrongCodes } from '../../src/testing/engine-bench.ts';
import { hasSharedRedis, newPrefix, removeKeys, SHARED_URL } from './redis-servers.ts';

const SCRIPT = fileURLToPath(new URL('redis-child.js', import.meta.url));
const BUILT = new URL('../../dist/stores/redis.js', import.meta.url);
const PROCESSES = 4;

/** What calls of one process came to. */
interface Told {
  readonly answers: readonly { readonly status: string; readonly id?: string }[];
  readonly messages: readonly { readonly to: string; readonly code: string }[];
  readonly judged: { readonly right: number; readonly wrong: number };
}

describe.runIf(await hasSharedRedis())('four processes on one Redis', () => {
  const prefix = newPrefix();
  const children: ChildProcess[] = [];
  let numbers = 0;
  const newNumber = () => `+1415555${2_000 + numbers++}`;

  beforeAll(async () => {
    if (!existsSync(BUILT)) throw new Error('dist/ is not built: run "npm test", which builds it first');
    const settings = JSON.stringify({ url: SHARED_URL, prefix, acknowledge: ['eviction', 'no_append_only_file'] });
    for (let count = 0; count < PROCESSES; count += 1) {
      const child = fork(SCRIPT, [settings], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], serialization: 'advanced' });
      children.push(child);
      await once(child, 'message');
    }
  });
  afterAll(async () => {
    for (const child of children) {
      const ended = once(child, 'close');
      child.send({ method: 'close' });
      await ended;
    }
    await removeKeys(SHARED_URL, prefix);
  });

  /** Deals calls out to all processes in turn, and has them made at the same time. */
  async function rush(method: string, inputs: readonly object[]): Promise<Told> {
    const told = await Promise.all(
      children.map(async (child, place) => {
        const answered = once(child, 'message');
        child.send({ method, inputs: inputs.filter((_, index) => index % PROCESSES === place) });
        return (await answered)[0] as Told;
      }),
    );
    const sum = (of: 'right' | 'wrong') => told.reduce((total, { judged }) => total + judged[of], 0);
    return {
      answers: inputs.map((_, index) => told[index % PROCESSES]!.answers[Math.floor(index / PROCESSES)]!),
      messages: told.flatMap(({ messages }) => messages),
      judged: { right: sum('right'), wrong: sum('wrong') },
    };
  }

  async function start(to: string): Promise<{ id: string; code: string }> {
    const { answers, messages } = await rush('start', [{ to }]);
    return { id: answers[0]?.id ?? '', code: messages[0]?.code ?? '' };
  }

  const times = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value);

  it('I3: of 1,000 wrong guesses at one code five are judged, and each is answered once', async () => {
    for (let round = 0; round < 3; round += 1) {
      const { id, code } = await start(newNumber());
      const { answers, judged } = await rush(
        'check',
        wrongCodes(code, 1_000).map((guess) => ({ id, code: guess })),
      );
      expect(judged).toEqual({ right: 0, wrong: 5 });
      expect(countByStatus(answers)).toEqual({ pending: 4, max_attempts_reached: 996 });
    }
  });

  it('I1, I3: a right code among 1,000 is approved once where fewer than five wrong ones came before it, else never', async () => {
    for (const places of [
      [0, 1, 2, 3],
      [10, 500],
      [996, 997, 998, 999],
    ]) {
      const { id, code } = await start(newNumber());
      const guesses = wrongCodes(code, 1_000).map((guess, index) => ({ id, code: places.includes(index) ? code : guess }));
      const { answers, judged } = await rush('check', guesses);
      expect(judged.wrong).toBeLessThanOrEqual(5);
      expect(judged.right).toBe(judged.wrong < 5 ? 1 : 0);
      expect(countByStatus(answers).approved ?? 0).toBe(judged.right);
    }
  });

  it('I5: of 200 starts for one number one sends a message', async () => {
    for (const owner of [{}, { requester: 'account 1' }]) {
      const to = newNumber();
      const { answers, messages } = await rush('start', times(200, { to, ...owner }));
      expect(messages).toHaveLength(1);
      expect(countByStatus(answers)).toEqual({ pending: 1, refused: 199 });
    }
  });

  it('I1: of 100 right codes one is approved', async () => {
    for (let round = 0; round < 3; round += 1) {
      const guess = await start(newNumber());
      const { answers, judged } = await rush('check', times(100, guess));
      expect(countByStatus(answers)).toEqual({ approved: 1, already_approved: 99 });
      expect(judged).toEqual({ right: 1, wrong: 0 });
    }
  });

  it('I5: 4 × 250 different numbers at once are all served, and so are their codes', async () => {
    const tos = Array.from({ length: 1_000 }, newNumber);
    const { answers, messages } = await rush(
      'start',
      tos.map((to) => ({ to })),
    );
    expect(countByStatus(answers)).toEqual({ pending: 1_000 });
    const codes = new Map(messages.map(({ to, code }) => [to, code]));
    expect(codes.size).toBe(1_000);
    // Each checked by another process than the one that started it.
    const guesses = tos.map((to, index) => ({ id: answers[index]?.id ?? '', code: codes.get(to) ?? '' }));
    const checked = await rush('check', [...guesses.slice(1), guesses[0]!]);
    expect(countByStatus(checked.answers)).toEqual({ approved: 1_000 });
  });
});
