import type { CheckResult } from '../engine/results.ts';
import { countByStatus, createBench, type EngineBench, isPending, TO, useUpGuesses, wrongCodes } from './engine-bench.ts';
import { expectEqual, expectThat, range, type StoreCaseGroup } from './store-case.ts';
import { LOST_UPDATE } from './store-concurrency-cases.ts';

/** The engine's promises where calls come at the same time, over two handles. */
export const raceCases: StoreCaseGroup = {
  title: 'the engine, many calls at the same time',
  cases: [
    {
      title: 'I1: a code is approved at most once, however many calls bring it at the same time',
      async run(stage) {
        const bench = await createBench(stage);
        const { id } = await bench.start();
        const code = bench.codeFor();
        const answers = await bench.crowd(100, (verifier) => verifier.check({ id, code }));
        const expected = { approved: 1, already_approved: 99 };
        expectEqual(countByStatus(answers), expected, `of 100 right codes at once not exactly one was approved: ${LOST_UPDATE}`);
        expectEqual(bench.seen, { right: 1, wrong: 0, approved: 1 }, `a right code was judged more than once: ${LOST_UPDATE}`);
      },
    },
    {
      title: 'I3: of a thousand guesses made at the same time at one code, five are judged and the others are refused',
      async run(stage) {
        const bench = await createBench(stage);
        const { id } = await bench.start();
        const guesses = wrongCodes(bench.codeFor(), 1_000);
        const answers = await bench.crowd(1_000, (verifier, index) => verifier.check({ id, code: guesses[index] ?? '' }));
        expectEqual(bench.seen, { right: 0, wrong: 5, approved: 0 }, `not five of a thousand guesses were judged: ${LOST_UPDATE}`);
        expectEqual(attemptsLeft(answers), [1, 2, 3, 4], `two guesses were told the same number of attempts left: ${LOST_UPDATE}`);
        expectEqual(
          countByStatus(answers),
          { pending: 4, max_attempts_reached: 996 },
          'a guess was answered otherwise than by what was committed for it',
        );
      },
    },
    {
      title: 'I3: guesses that were refused are not charged, and those that were judged stay charged',
      needs: ['clock'],
      async run(stage) {
        const bench = await createBench(stage, { ladder: [1_000], sendSpacing: 1_000 });
        for (const judged of [5, 10]) {
          const { id } = await bench.start();
          const guesses = wrongCodes(bench.codeFor(), 100);
          await bench.crowd(100, (verifier, index) => verifier.check({ id, code: guesses[index] ?? '' }));
          expectEqual(bench.seen.wrong, judged, `of 10 wrong guesses an hour, 5 for each code, so many were judged: ${LOST_UPDATE}`);
          stage.clock.advance(1_000);
        }
        const { id } = await bench.start();
        const answers = await bench.crowd(20, (verifier) => verifier.check({ id, code: bench.codeFor() }));
        const complaint = `ten guesses were judged and the destination's budget of ten an hour is not used up: ${LOST_UPDATE}`;
        expectEqual(countByStatus(answers), { budget_exhausted: 20 }, complaint);
      },
    },
    {
      title: 'I1, I3: a right code among a thousand is approved once if fewer than five wrong ones came before it, else never',
      async run(stage) {
        for (const place of [3, 500]) {
          const bench = await createBench(stage);
          const to = `+1415555${2_700 + place}`;
          const { id } = await bench.start({ to });
          const guesses = wrongCodes(bench.codeFor(to), 1_000).with(place, bench.codeFor(to));
          const answers = await bench.crowd(1_000, (verifier, index) => verifier.check({ id, code: guesses[index] ?? '' }));
          expectThat(bench.seen.wrong <= 5, `more than five wrong guesses were judged (${bench.seen.wrong}): ${LOST_UPDATE}`);
          const expected = bench.seen.wrong < 5 ? 1 : 0;
          const complaint = `the right code came after ${bench.seen.wrong} wrong ones, and was not approved as often as that allows: ${LOST_UPDATE}`;
          expectEqual(bench.seen.approved, expected, complaint);
          expectEqual(countByStatus(answers).approved ?? 0, expected, 'callers were told of more or fewer approvals than were committed');
        }
      },
    },
    {
      title: 'I5: of 200 starts for one requester at the same time exactly one sends a message',
      run: async (stage) => startAtOnce(await createBench(stage), { requester: 'account 1' }),
    },
    {
      title: 'I5: of 200 starts without a requester at the same time exactly one sends a message',
      run: async (stage) => startAtOnce(await createBench(stage), {}),
    },
    {
      title: 'I5: of 200 resends of one code at the same time at most one sends a message',
      needs: ['clock'],
      async run(stage) {
        const bench = await createBench(stage);
        const { id, resendAt } = await bench.start();
        stage.clock.set(resendAt.getTime());
        const answers = await bench.crowd(200, (verifier) => verifier.resend({ id }));
        expectEqual(bench.sender.calls, 2, `of 200 resends at once not exactly one left: ${LOST_UPDATE}`);
        expectEqual(countByStatus(answers), { pending: 1, refused: 199 }, 'a resend was answered otherwise than by what was committed for it');
      },
    },
    {
      title: 'I5: of a hundred messages to a hundred destinations none waits for another',
      async run(stage) {
        const bench = await createBench(stage);
        const answers = await bench.crowd(100, (verifier, index) => verifier.start({ to: `person-${index}@example.com` }));
        expectEqual(
          countByStatus(answers),
          { pending: 100 },
          'a start was refused for what was sent to somebody else: records meddle with each other',
        );
        const checks = await bench.crowd(100, (verifier, index) => {
          const to = `person-${99 - index}@example.com`;
          const started = answers[99 - index];
          return verifier.check({ id: started !== undefined && 'id' in started ? started.id : '', code: bench.codeFor(to) });
        });
        expectEqual(countByStatus(checks), { approved: 100 }, 'a right code was refused while others were checked: records meddle with each other');
      },
    },
    {
      title: 'I4: a code that is checked and canceled at the same time is either approved or canceled, and everybody is told the same',
      async run(stage) {
        const bench = await createBench(stage);
        const [first, second] = bench.verifiers;
        for (const index of range(6)) {
          const to = `person-${index}@example.com`;
          const { id } = await bench.start({ to });
          const check = () => (index % 2 === 0 ? first : second).check({ id, code: bench.codeFor(to) });
          const cancel = () => (index % 2 === 0 ? second : first).cancel({ id });
          const [checked, canceled] = index < 3 ? await Promise.all([check(), cancel()]) : (await Promise.all([cancel(), check()])).reverse();
          expectEqual(checked?.status, canceled?.status, `an approval and a cancellation were both told that they came first: ${LOST_UPDATE}`);
          const shown = await first.show({ id });
          expectEqual(shown.status, checked?.status, `the record holds another end than its callers were told: ${LOST_UPDATE}`);
        }
      },
    },
    {
      title: 'I3: an operator who erases a destination hands out no fresh guesses',
      needs: ['clock'],
      async run(stage) {
        const bench = await createBench(stage, { ladder: [1_000], sendSpacing: 1_000 });
        const [first, second] = bench.verifiers;
        for (const verifier of bench.verifiers) {
          const { id } = await bench.start();
          await useUpGuesses(verifier, id, bench.codeFor());
          stage.clock.advance(1_000);
        }
        expectEqual(
          await second.erase({ to: TO }),
          { status: 'erased', verifications: 2 },
          'an erased destination did not have what was written before',
        );
        const { id } = await bench.start();
        const answer = await first.check({ id, code: bench.codeFor() });
        const complaint = 'a destination that was erased may be guessed at anew: what `erase` writes is a short record, and not a deletion';
        expectEqual(answer.status, 'budget_exhausted', complaint);
      },
    },
    {
      title: 'An operator who unblocks a destination unblocks it for every process at once',
      async run(stage) {
        const bench = await createBench(stage, { wrongInARow: 5 });
        const [first, second] = bench.verifiers;
        const { id } = await bench.start();
        await useUpGuesses(first, id, bench.codeFor());
        const blocked = await second.start({ to: TO });
        expectEqual(
          blocked.status === 'refused' && blocked.reason,
          'destination_blocked',
          'a destination was not blocked after its last guess in a row',
        );
        expectEqual((await first.unblock({ to: TO })).wasBlocked, true, 'an operator did not find the block that a process had written');
        const complaint = 'a process went on refusing what an operator had cleared: decide a refusal on a fresh read, never on a cached record';
        expectThat(isPending(await second.start({ to: TO })), complaint);
      },
    },
  ],
};

async function startAtOnce(bench: EngineBench, owner: { readonly requester?: string }): Promise<void> {
  const answers = await bench.crowd(200, (verifier) => verifier.start({ to: TO, ...owner }));
  const complaint = `of 200 starts not just one sent a message: ${LOST_UPDATE} (inserts too)`;
  expectEqual(bench.sender.calls, 1, complaint);
  expectEqual(countByStatus(answers), { pending: 1, refused: 199 }, complaint);
  const dated = answers.filter((answer) => answer.status === 'refused' && answer.retryAt !== undefined);
  expectEqual(dated.length, 199, 'a start was refused without a time from which on it is not');
}

function attemptsLeft(answers: readonly CheckResult[]): number[] {
  return answers.flatMap((answer) => ('attemptsLeft' in answer ? [answer.attemptsLeft] : [])).sort();
}
