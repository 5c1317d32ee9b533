import { describe, expect, it } from 'vitest';
import { MINUTE } from '../../src/core/duration.ts';
import { DEFAULT_LIMITS, type Limits } from '../../src/engine/limits.ts';
import { countByStatus, TO, wrongCodes } from '../../src/testing/engine-bench.ts';
import { useTemporaryFiles } from '../stores/sqlite-files.ts';
import { useCrew } from './crew.ts';

const newPath = useTemporaryFiles();
const PROCESSES = 4;
const crew = useCrew(PROCESSES);

/** A number of its own for each of a test's cases. */
const numberOf = (index: number) => `+1415555${2_000 + index}`;
const times = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value);

/** All calls of a process in one turn of its event loop, and so mostly in one transaction; and spread over many, which come between each other's. */
const PACES = [undefined, 1];

describe('guesses from four processes at the same time', () => {
  it('I3: of 1,000 wrong ones at one code five are judged, and each is answered once', async () => {
    await crew.open({ path: newPath() });
    for (const [round, pace] of PACES.entries()) {
      const { id, code } = await crew.start({ to: numberOf(round) });
      const answers = await crew.rush(
        'check',
        wrongCodes(code, 1_000).map((guess) => ({ id, code: guess })),
        pace,
      );
      expect(crew.judgedOf(id)).toEqual({ right: 0, wrong: 5 });
      expect(countByStatus(answers)).toEqual({ pending: 4, max_attempts_reached: 996 });
      expect(answers.flatMap((answer) => ('attemptsLeft' in answer ? [answer.attemptsLeft] : [])).sort()).toEqual([1, 2, 3, 4]);
    }
  });

  it.each([
    ['the first call of each process', [0, 1, 2, 3], 1],
    ['the first call of one process', [2], undefined],
    ['the second call of one process', [5], undefined],
    ['somewhere', [10, 500], undefined],
    ['the last call of each process', [996, 997, 998, 999], 0],
  ])(
    'I1, I3: a right code among 1,000 is approved once where fewer than five wrong ones came before it, else never: %s',
    async (_, places, always) => {
      await crew.open({ path: newPath() });
      for (const [round, pace] of PACES.entries()) {
        const { id, code } = await crew.start({ to: numberOf(round), requester: 'account 1' });
        const guesses = wrongCodes(code, 1_000).map((guess, index) => (places.includes(index) ? code : guess));
        const answers = await crew.rush(
          'check',
          guesses.map((guess) => ({ id, code: guess, requester: 'account 1' })),
          pace,
        );
        const { right, wrong } = crew.judgedOf(id);
        expect(wrong).toBeLessThanOrEqual(5);
        expect(right).toBe(wrong < 5 ? 1 : 0);
        // Before anything was judged, or after five that were wrong: there it does not depend on who comes first. At a slower pace the last calls of
        // one process may be made before another's first.
        if (always !== undefined && pace === undefined) expect(right).toBe(always);
        const refused = right === 1 ? { pending: wrong, approved: 1, already_approved: 999 - wrong } : { pending: 4, max_attempts_reached: 996 };
        expect(countByStatus(answers)).toEqual(Object.fromEntries(Object.entries(refused).filter(([, count]) => count > 0)));
      }
    },
  );

  it('I1: of 100 right codes one is approved', async () => {
    await crew.open({ path: newPath() });
    for (const [round, pace] of PACES.entries()) {
      const { id, code } = await crew.start({ to: numberOf(round) });
      const answers = await crew.rush('check', times(100, { id, code }), pace);
      expect(countByStatus(answers)).toEqual({ approved: 1, already_approved: 99 });
      expect(crew.judgedOf(id)).toEqual({ right: 1, wrong: 0 });
    }
  });

  it('I1: 100 submits of one attempt are one approval, and each is told of it', async () => {
    await crew.open({ path: newPath() });
    const { id, code } = await crew.start({ to: TO });
    const answers = await crew.rush('check', times(100, { id, code, attemptId: 'one and the same' }), 5);
    expect(countByStatus(answers)).toEqual({ approved: 100 });
    expect(crew.judgedOf(id)).toEqual({ right: 1, wrong: 0 });
  });

  it("I3: two codes at one number share the destination's budget, and the third is judged no more", async () => {
    await crew.open({ path: newPath(), time: Date.UTC(2026, 0, 1) });
    const opened: { id: string; code: string }[] = [];
    for (const waited of [0, 2 * MINUTE, 7 * MINUTE]) {
      crew.setTime(Date.UTC(2026, 0, 1) + waited);
      opened.push(await crew.start({ to: TO }));
    }
    const guesses = opened.map(({ code }) => wrongCodes(code, 200));
    const inputs = Array.from({ length: 600 }, (_, index) => ({ id: opened[index % 3]!.id, code: guesses[index % 3]![Math.floor(index / 3)]! }));
    // Five for each, ten for all: whoever comes first, those that are judged are ten.
    const answers = await crew.rush('check', inputs, 5);
    const judged = opened.map(({ id }) => crew.judgedOf(id).wrong);
    expect(judged.reduce((sum, count) => sum + count)).toBe(10);
    expect(Math.max(...judged)).toBeLessThanOrEqual(5);
    expect(countByStatus(answers).pending).toBe(10 - judged.filter((count) => count === 5).length);
    const { code, id } = opened[judged.findIndex((count) => count < 5)]!;
    expect(await crew.rush('check', times(8, { id, code }))).toEqual(
      times(8, { status: 'budget_exhausted', retryAt: new Date('2026-01-01T01:07:00Z') }),
    );
  });
});

describe('starts from four processes at the same time', () => {
  const owners = {
    'one requester': () => ({ requester: 'account 1' }),
    'no requester': () => ({}),
    '200 requesters': (index: number) => ({ requester: `account ${index}` }),
  };

  it.each(Object.entries(owners))('I5: of 200 for %s exactly one sends a message', async (_, ownerOf) => {
    await crew.open({ path: newPath() });
    for (const [round, pace] of PACES.entries()) {
      const to = numberOf(round);
      const inputs = Array.from({ length: 200 }, (__, index) => ({ to, ...ownerOf(index) }));
      const answers = await crew.rush('start', inputs, pace);
      expect(crew.messages).toHaveLength(round + 1);
      expect(countByStatus(answers)).toEqual({ pending: 1, refused: 199 });
      expect(answers.filter((answer) => answer.status === 'refused' && answer.retryAt !== undefined)).toHaveLength(199);
    }
  });

  /** When messages leave with the limits that apply where nothing is said, in minutes from the first, and what refuses until then. */
  const WALKS: [string, object, [number, string][]][] = [
    // 2, 5 and 15 minutes, 15 instead of a day, from the foot again; then the hour's budget of five.
    [
      'without a requester',
      {},
      [
        [2, 'resend_too_soon'],
        [7, 'resend_too_soon'],
        [22, 'resend_too_soon'],
        [37, 'resend_too_soon'],
        [60, 'budget_exhausted'],
        [65, 'resend_too_soon'],
      ],
    ],
    // 2, 5 and 15 minutes, a day, from the foot again.
    [
      'with a requester',
      { requester: 'account 1' },
      [
        [2, 'resend_too_soon'],
        [7, 'resend_too_soon'],
        [22, 'resend_too_soon'],
        [1_462, 'resend_too_soon'],
        [1_464, 'resend_too_soon'],
      ],
    ],
  ];

  it.each(WALKS)('I5, I17: 200 at each moment of the ladder are one message, and a millisecond earlier none, %s', async (_, owner, waits) => {
    const start = Date.UTC(2026, 0, 1);
    await crew.open({ path: newPath(), time: start });
    await crew.rush('start', times(200, { to: TO, ...owner }));
    for (const [sent, [minutes, reason]] of waits.entries()) {
      const retryAt = new Date(start + minutes * MINUTE);
      crew.setTime(retryAt.getTime() - 1);
      const early = await crew.rush('start', times(200, { to: TO, ...owner }), 10);
      expect(early).toEqual(times(200, expect.objectContaining({ status: 'refused', reason, retryAt })));
      expect(crew.messages).toHaveLength(sent + 1);
      crew.setTime(retryAt.getTime());
      const answers = await crew.rush('start', times(200, { to: TO, ...owner }), 10);
      expect(countByStatus(answers)).toEqual({ pending: 1, refused: 199 });
      expect(crew.messages).toHaveLength(sent + 2);
    }
  });

  it('I5: of 200 resends of one code exactly one sends a message, when its time has come', async () => {
    const start = Date.UTC(2026, 0, 1);
    await crew.open({ path: newPath(), time: start });
    const { id } = await crew.start({ to: TO });
    for (const [time, sent] of [
      [start + 2 * MINUTE - 1, 1],
      [start + 2 * MINUTE, 2],
    ] as const) {
      crew.setTime(time);
      const answers = await crew.rush('resend', times(200, { id }), 5);
      expect(crew.messages).toHaveLength(sent);
      expect(countByStatus(answers)).toEqual(sent === 1 ? { refused: 200 } : { pending: 1, refused: 199 });
    }
  });

  it('I5: 1,000 to as many numbers all send', async () => {
    await crew.open({ path: newPath() });
    const inputs = Array.from({ length: 1_000 }, (_, index) => ({ to: numberOf(index) }));
    const answers = await crew.rush('start', inputs);
    expect(countByStatus(answers)).toEqual({ pending: 1_000 });
    expect(new Set(crew.messages.map(({ to }) => to)).size).toBe(1_000);
    expect(crew.messages).toHaveLength(1_000);
  });
});

describe('starts from four processes without a pause', () => {
  const limits = { ladder: [20, 40, 80], sharedRung: 50, sendSpacing: 10, sendsPerHour: 12, sendsPerDay: 100 };
  const shared = [20, 40, 50];

  /** Starts, with eight calls under way in each process, until the budget is used up. */
  async function startUntilSpent(to: string, requesters: readonly (string | undefined)[]): Promise<void> {
    let turn = 0;
    const loop = async () => {
      for (;;) {
        turn += 1;
        const answer = await crew.next().call('start', { to, requester: requesters[turn % requesters.length] });
        if (answer?.status === 'pending') continue;
        if (answer?.reason === 'budget_exhausted') return;
        expect(['resend_too_soon', 'in_progress']).toContain(answer?.reason);
      }
    };
    await Promise.all(Array.from({ length: 8 * PROCESSES }, loop));
  }

  /** When messages left, by the record. */
  async function sendTimes(to: string, requester: string | undefined): Promise<number[]> {
    const sent = crew.sentTo(to).map(({ id }) => ({ id, requester }));
    const shown = await crew.rush('show', sent);
    return shown.flatMap((one) => (one.status === 'not_found' ? [] : one.deliveries.map(({ at }) => at.getTime()))).sort((a, b) => a - b);
  }

  /** Ensure that between two sends there is the rung the ladder stands on; after its longest wait it begins at the foot. */
  function expectRungs(sent: readonly number[], rungs: readonly number[], { ladder }: Pick<Limits, 'ladder'>): void {
    let step = 0;
    for (const [index, at] of sent.entries()) {
      const gap = index === 0 ? Number.POSITIVE_INFINITY : at - sent[index - 1]!;
      if (index > 0) expect(gap).toBeGreaterThanOrEqual(rungs[step - 1]!);
      step = gap >= ladder.at(-1)! || step === ladder.length ? 1 : step + 1;
    }
  }

  it.each([
    ['one requester', ['account 1'], limits.ladder],
    ['no requester', [undefined], shared],
  ])('I5: for %s leave as many as the hour allows, none before its rung', async (_, [requester], rungs) => {
    await crew.open({ path: newPath(), limits });
    await startUntilSpent(TO, [requester]);
    expect(crew.messages).toHaveLength(limits.sendsPerHour);
    const sent = await sendTimes(TO, requester);
    expect(sent).toHaveLength(limits.sendsPerHour);
    expectRungs(sent, rungs, limits);
  });

  it('I5: for three requesters and strangers they share spacing and budget, and have ladders of their own', async () => {
    await crew.open({ path: newPath(), limits });
    const requesters = ['account 1', 'account 2', 'account 3', undefined];
    await startUntilSpent(TO, requesters);
    expect(crew.messages).toHaveLength(limits.sendsPerHour);
    const all: number[] = [];
    for (const requester of requesters) {
      const sent = await sendTimes(TO, requester);
      expectRungs(sent, requester === undefined ? shared : limits.ladder, limits);
      all.push(...sent);
    }
    expect(all).toHaveLength(limits.sendsPerHour);
    all.sort((a, b) => a - b);
    for (const [index, at] of all.entries()) expect(at - (all[index - 1] ?? 0)).toBeGreaterThanOrEqual(limits.sendSpacing);
  });

  it('I5: for a known requester and strangers each keep to budgets of their own', async () => {
    await crew.open({ path: newPath(), limits: { ...limits, sendsPerDay: 5, knownSendsPerDay: 8 } });
    const requester = 'account 1';
    const { id, code } = await crew.start({ to: TO, requester });
    expect((await crew.next().call('check', { id, code, requester }))?.status).toBe('approved');
    await Promise.all([startUntilSpent(TO, [requester]), startUntilSpent(TO, [undefined])]);
    // The first of all counts in both: nobody was known then, and becoming known returns nothing.
    expect(crew.messages).toHaveLength(5 + 8 - 1);
    expect(await sendTimes(TO, requester)).toHaveLength(8);
    expect(await sendTimes(TO, undefined)).toHaveLength(4);
  });
});

it('the limits that are walked are those that apply where nothing is said', () => {
  expect(DEFAULT_LIMITS).toMatchObject({ ladder: [2, 5, 15, 1_440].map((rung) => rung * MINUTE), sharedRung: 15 * MINUTE, sendsPerHour: 5 });
});
