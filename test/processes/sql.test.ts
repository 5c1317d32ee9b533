import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { countByStatus, wrongCodes } from '../../src/testing/engine-bench.ts';
import { describeOn, emptyTables, MYSQL, POSTGRES, useDatabase } from '../stores/sql-servers.ts';
import { assertBuilt, Crew, useCrew } from './crew.ts';
import { expectNothingLost, expectStake, hire, killInTurn, tellStories } from './load.ts';
import { STORY_LIMITS } from './story.ts';

const numberOf = (index: number) => `+1415555${2_000 + index}`;
const times = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value);

/** All calls of a process in one turn of its event loop, and spread over many, which come between each other's. */
const PACES = [undefined, 1];

for (const server of [POSTGRES, MYSQL]) {
  await describeOn(server, `${server.name}: four processes at the same time`, () => {
    const database = useDatabase(server);
    const crew = useCrew(4);
    beforeEach(async () => {
      await emptyTables(server, database.url);
      await crew.open({ url: database.url });
    });

    it('I3: of 1,000 wrong guesses at one code five are judged', async () => {
      for (const [round, pace] of PACES.entries()) {
        const { id, code } = await crew.start({ to: numberOf(round) });
        const guesses = wrongCodes(code, 1_000).map((guess) => ({ id, code: guess }));
        expect(countByStatus(await crew.rush('check', guesses, pace))).toEqual({ pending: 4, max_attempts_reached: 996 });
        expect(crew.judgedOf(id)).toEqual({ right: 0, wrong: 5 });
      }
    });

    it('I1, I3: a right code among 1,000 is approved once where fewer than five wrong ones came before it, else never', async () => {
      for (const [round, pace] of PACES.entries()) {
        const { id, code } = await crew.start({ to: numberOf(round), requester: 'account 1' });
        const guesses = wrongCodes(code, 1_000).map((guess, index) => (index === 10 + round || index === 500 ? code : guess));
        await crew.rush(
          'check',
          guesses.map((guess) => ({ id, code: guess, requester: 'account 1' })),
          pace,
        );
        const { right, wrong } = crew.judgedOf(id);
        expect(wrong).toBeLessThanOrEqual(5);
        expect(right).toBe(wrong < 5 ? 1 : 0);
      }
    });

    it('I1: of 100 right codes one is approved', async () => {
      for (const [round, pace] of PACES.entries()) {
        const { id, code } = await crew.start({ to: numberOf(round) });
        expect(countByStatus(await crew.rush('check', times(100, { id, code }), pace))).toEqual({ approved: 1, already_approved: 99 });
      }
    });

    it.each([
      ['one requester', { requester: 'account 1' }],
      ['no requester', {}],
    ])('I5: of 200 starts for %s exactly one sends a message', async (_, owner) => {
      for (const [round, pace] of PACES.entries()) {
        const answers = await crew.rush('start', times(200, { to: numberOf(round), ...owner }), pace);
        expect(countByStatus(answers)).toEqual({ pending: 1, refused: 199 });
        expect(crew.messages).toHaveLength(round + 1);
      }
    });

    it('I5: 4 × 250 starts to as many numbers all send, and all of their codes are approved', async () => {
      // What is tried is the rush, not how fast a busy machine opens connections: each process has some of its own before.
      await crew.rush(
        'show',
        Array.from({ length: 64 }, () => ({ id: `VE${'0'.repeat(32)}` })),
      );
      const inputs = Array.from({ length: 1_000 }, (_, index) => ({ to: numberOf(index) }));
      const answers = await crew.rush('start', inputs);
      expect(countByStatus(answers)).toEqual({ pending: 1_000 });
      expect(new Set(crew.messages.map(({ to }) => to)).size).toBe(1_000);
      const checks = inputs.flatMap(({ to }) => crew.sentTo(to));
      expect(countByStatus(await crew.rush('check', checks))).toEqual({ approved: 1_000 });
    });
  });

  await describeOn(server, `${server.name}: kill -9 of one of four processes under load`, () => {
    const database = useDatabase(server);
    let crew: Crew;
    beforeAll(assertBuilt);
    beforeEach(() => {
      crew = new Crew();
    });
    afterEach(() => crew.kill());

    it('I1, I3, I4, I5, I6, I7: no answered approval or refusal is lost, in 10 rounds', async () => {
      const settings = { url: database.url, limits: STORY_LIMITS };
      await Promise.all([1, 2, 3, 4].map(() => hire(crew, settings)));
      let unanswered = 0;
      const stories = await tellStories(crew, async () => {
        unanswered = await killInTurn(crew, settings, 10);
      });
      await crew.kill();
      await hire(crew, settings);
      expect(unanswered).toBeGreaterThan(0);
      expectStake(stories);
      await expectNothingLost(crew, stories);
    });
  });
}
