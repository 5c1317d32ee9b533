import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { MINUTE, SECOND } from '../../src/core/duration.ts';
import { TO } from '../../src/testing/engine-bench.ts';
import { useTemporaryFiles } from '../stores/sqlite-files.ts';
import { assertBuilt, Crew, type VerifierSettings } from './crew.ts';
import { expectNothingLost, expectStake, hire, killInTurn, tellStories } from './load.ts';
import { STORY_LIMITS } from './story.ts';

const newPath = useTemporaryFiles();
let crew: Crew;

beforeAll(assertBuilt);
beforeEach(() => {
  crew = new Crew();
});
afterEach(() => crew.kill());

describe('kill -9 of one of four processes under load', () => {
  const ROUNDS = 20;

  it(`I1, I3, I4, I5, I6, I7: no answered approval or refusal is lost, in ${ROUNDS} rounds`, async () => {
    const settings = { path: newPath(), limits: STORY_LIMITS };
    await Promise.all([1, 2, 3, 4].map(() => hire(crew, settings)));
    let unanswered = 0;
    const stories = await tellStories(crew, async () => {
      unanswered = await killInTurn(crew, settings, ROUNDS);
    });
    await crew.kill();
    await hire(crew, settings);
    expect(unanswered).toBeGreaterThan(0);
    expectStake(stories);
    await expectNothingLost(crew, stories);
  });
});

describe('kill -9 of a process whose message is under way', () => {
  const start = Date.UTC(2026, 0, 1);
  const requester = 'account 1';

  /** A start whose process ends when the message has left, and before it was written down what became of it. */
  async function startAndDie(settings: Omit<VerifierSettings, 'time' | 'isSilent'>): Promise<{ readonly id: string; readonly code: string }> {
    const worker = await hire(crew, { ...settings, time: start, isSilent: true });
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
    const worker = await hire(crew, { ...settings, time: start + 59_999 });
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
    const worker = await hire(crew, { ...settings, time: start + 1 });
    expect(await worker.call('check', { id, code, requester })).toEqual({ status: 'approved' });
  });
});

describe('kill -9 of a process that has just answered', () => {
  it('I7, I8: what it saw expired stays expired, also where the clock of the next one is behind', async () => {
    const path = newPath();
    const start = Date.UTC(2026, 0, 1);
    await hire(crew, { path, time: start });
    const { id, code } = await crew.start({ to: TO });
    for (const time of [start + 10 * MINUTE, start + 1]) {
      await crew.kill();
      const worker = await hire(crew, { path, time });
      expect(await worker.call('check', { id, code })).toEqual({ status: 'expired' });
    }
  });
});
