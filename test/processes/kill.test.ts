import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { MINUTE, SECOND } from '../../src/core/duration.ts';
import { TO } from '../../src/testing/engine-bench.ts';
import { useTemporaryFiles } from '../stores/sqlite-files.ts';
import { assertBuilt, Crew, type VerifierSettings, type Worker } from './crew.ts';
import { PLOTS, STORY_LIMITS, Story } from './story.ts';

const newPath = useTemporaryFiles();
let crew: Crew;

beforeAll(assertBuilt);
beforeEach(() => {
  crew = new Crew();
});
afterEach(() => crew.kill());

/** One more process, at work. */
async function hire(settings: VerifierSettings): Promise<Worker> {
  const worker = crew.hire();
  await worker.open(settings);
  return worker;
}

describe('kill -9 of one of four processes under load', () => {
  const ROUNDS = 20;

  /** Tells stories, twelve at a time, until so many processes were killed, each at another point of its life. */
  async function tellStories(settings: VerifierSettings): Promise<{ stories: Story[]; unanswered: number }> {
    const stories: Story[] = [];
    let unanswered = 0;
    let isOver = false;
    const killInTurn = async () => {
      for (let round = 0; round < ROUNDS; round += 1) {
        const victim = crew.workers[round % 4]!;
        const successor = hire(settings);
        await victim.tells(10 + ((round * 37) % 67));
        unanswered += victim.underWay;
        await crew.kill(victim);
        await successor;
      }
      isOver = true;
    };
    const tell = async () => {
      while (!isOver) {
        const index = stories.length;
        const story = new Story(crew, `+1212${2_000_000 + index}`, Math.floor(index / PLOTS.length) % 2 === 0 ? undefined : 'account 1');
        stories.push(story);
        await PLOTS[index % PLOTS.length]!(story);
      }
    };
    await Promise.all([killInTurn(), ...Array.from({ length: 12 }, tell)]);
    return { stories, unanswered };
  }

  /** Ensure that stories hold something that could have been lost, of each kind. */
  function expectStake(stories: readonly Story[], unanswered: number): void {
    expect(unanswered).toBeGreaterThan(0);
    for (const state of ['approved', 'max_attempts_reached', 'canceled']) {
      expect(stories.filter(({ heard }) => heard.some(({ ended }) => ended.has(state)))).not.toHaveLength(0);
    }
    for (const state of ['isBlocked', 'isSpent'] as const) expect(stories.filter((story) => story[state])).not.toHaveLength(0);
  }

  /** What a start is answered now, for each of these numbers. */
  async function startAgain(stories: readonly Story[]): Promise<Set<string>> {
    const inputs = stories.map(({ to, requester }) => ({ to, requester }));
    return new Set((await crew.rush('start', inputs)).map((answer) => (answer.status === 'refused' ? answer.reason : answer.status)));
  }

  it(`I1, I3, I4, I5, I6, I7: no answered approval or refusal is lost, in ${ROUNDS} rounds`, async () => {
    const settings = { path: newPath(), limits: STORY_LIMITS };
    await Promise.all([1, 2, 3, 4].map(() => hire(settings)));
    const { stories, unanswered } = await tellStories(settings);
    await crew.kill();
    await hire(settings);
    expectStake(stories, unanswered);

    // I7: a number that was disabled is, and one whose messages were used up has no more.
    expect(await startAgain(stories.filter(({ isBlocked }) => isBlocked))).toEqual(new Set(['destination_blocked']));
    expect(await startAgain(stories.filter(({ isSpent }) => isSpent))).toEqual(new Set(['budget_exhausted']));

    const all = stories.flatMap((story) => story.heard.map((heard) => ({ story, heard })));
    const shownAll = await crew.rush(
      'show',
      all.map(({ story: { requester }, heard: { id } }) => ({ id, requester })),
    );
    const checkedAll = await crew.rush(
      'check',
      all.map(({ story: { requester }, heard: { id, code } }) => ({ id, code, requester })),
    );
    const claims = new Map<Story, number>();
    for (const [index, { story, heard }] of all.entries()) {
      const [shown, checked] = [shownAll[index]!, checkedAll[index]!];
      if (shown.status === 'not_found') throw new Error('a verification is gone');
      // I1, I4: approved by one call, and come to one end.
      expect(heard.approvals).toBeLessThanOrEqual(1);
      expect(crew.judgedOf(heard.id).right).toBeLessThanOrEqual(1);
      expect(heard.ended.size).toBeLessThanOrEqual(1);
      // I6, I7: what was answered still is.
      for (const state of heard.ended) {
        expect(shown.status).toBe(state);
        expect(checked.status).toBe(state === 'approved' ? 'already_approved' : state);
      }
      if (shown.status === 'pending' && story.isBlocked) expect(checked.status).toBe('destination_blocked');
      // I3: each guess that was judged was charged for itself, and stays charged.
      expect(crew.judgedOf(heard.id).wrong).toBeLessThanOrEqual(5);
      expect(new Set(heard.attemptsLeft).size).toBe(heard.attemptsLeft.length);
      if (shown.status === 'pending') expect(shown.attemptsLeft).toBeLessThanOrEqual(Math.min(5, ...heard.attemptsLeft));
      claims.set(story, (claims.get(story) ?? 0) + shown.deliveries.length);
    }
    // I5: what the record says was claimed, and messages that left.
    for (const story of stories) {
      expect(claims.get(story) ?? 0).toBeLessThanOrEqual(3);
      expect(crew.messages.filter(({ to }) => to === story.to).length).toBeLessThanOrEqual(3);
    }
  });
});

describe('kill -9 of a process whose message is under way', () => {
  const start = Date.UTC(2026, 0, 1);
  const requester = 'account 1';

  /** A start whose process ends when the message has left, and before it was written down what became of it. */
  async function startAndDie(settings: Omit<VerifierSettings, 'time' | 'isSilent'>): Promise<{ readonly id: string; readonly code: string }> {
    const worker = await hire({ ...settings, time: start, isSilent: true });
    const starting = worker.call('start', { to: TO, requester });
    // That it started, and the message.
    await worker.tells(2);
    await crew.kill(worker);
    expect(await starting).toBeUndefined();
    expect(crew.messages).toHaveLength(1);
    return crew.sentTo(TO)[0]!;
  }

  it.each([
    ['the ladder has longer waits', {}, [MINUTE, 2 * MINUTE - 1], 2 * MINUTE],
    ['the ladder has shorter waits', { ladder: [30 * SECOND] }, [], MINUTE],
  ])('I5: it counts as under way for 60 s, then as unknown, and its rung stays claimed: %s', async (_, limits, tooSoon, wait) => {
    const settings = { path: newPath(), limits };
    const { id, code } = await startAndDie(settings);
    const worker = await hire({ ...settings, time: start + 59_999 });
    const refused = { status: 'refused', retryAt: new Date(start + wait) };
    const underWay = { ...refused, reason: 'in_progress', verification: { id, deliveries: [{ status: 'sending' }] } };
    expect(await worker.call('start', { to: TO, requester })).toMatchObject(underWay);
    expect(await worker.call('resend', { id, requester })).toMatchObject(underWay);
    for (const after of tooSoon) {
      worker.setTime(start + after);
      const unknown = { ...refused, reason: 'resend_too_soon', verification: { id, deliveries: [{ status: 'unknown' }] } };
      expect(await worker.call('start', { to: TO, requester })).toMatchObject(unknown);
    }
    expect(crew.messages).toHaveLength(1);

    worker.setTime(start + wait);
    const resent = { status: 'pending', id, deliveries: [{ status: 'unknown' }, { status: 'sent' }] };
    expect(await worker.call('start', { to: TO, requester })).toMatchObject(resent);
    expect(crew.messages.map((message) => message.code)).toEqual([code, code]);
  });

  it('I6: its code is good', async () => {
    const settings = { path: newPath() };
    const { id, code } = await startAndDie(settings);
    const worker = await hire({ ...settings, time: start + 1 });
    expect(await worker.call('check', { id, code, requester })).toEqual({ status: 'approved' });
  });
});

describe('kill -9 of a process that has just answered', () => {
  it('I7, I8: what it saw expired stays expired, also where the clock of the next one is behind', async () => {
    const path = newPath();
    const start = Date.UTC(2026, 0, 1);
    await hire({ path, time: start });
    const { id, code } = await crew.start({ to: TO });
    for (const time of [start + 10 * MINUTE, start + 1]) {
      await crew.kill();
      const worker = await hire({ path, time });
      expect(await worker.call('check', { id, code })).toEqual({ status: 'expired' });
    }
  });
});
