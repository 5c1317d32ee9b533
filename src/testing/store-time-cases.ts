import { DAY, HOUR, MINUTE, SECOND } from '../core/duration.ts';
import type { StartInput } from '../engine/results.ts';
import { createBench, type EngineBench, isPending, ROOMY, TO, useUpGuesses, wrongCodes } from './engine-bench.ts';
import type { FakeClock } from './fake-clock.ts';
import type { SendOutcome } from './recording-sender.ts';
import { expectEqual, expectThat, type Stage, type StoreCaseGroup } from './store-case.ts';

const CLOCK = 'decide by the time the store gives, in whole milliseconds, and read that time in the same step as the record';

const LONG_CODE = { ...ROOMY, codeLength: 10 } as const;

/** The engine's promises about time, to the millisecond. */
export const timeCases: StoreCaseGroup = {
  title: 'the engine, by the clock',
  cases: [
    {
      title: 'I5: no message leaves a millisecond before its wait is over, and one does when it is: 2, 5 and 15 minutes, a day, and again 2 minutes',
      needs: ['clock'],
      run: (stage) => climb(stage, { to: TO, requester: 'account 1' }, [2 * MINUTE, 5 * MINUTE, 15 * MINUTE, DAY, 2 * MINUTE]),
    },
    {
      title: "I5: without a requester the waits are 2, 5, 15 and 15 minutes: a stranger does not send an owner into a day's wait",
      needs: ['clock'],
      run: (stage) => climb(stage, { to: TO }, [2 * MINUTE, 5 * MINUTE, 15 * MINUTE, 15 * MINUTE, 2 * MINUTE]),
    },
    {
      title: 'I2: a late message still works: resends carry the same code until a wrong guess was made, and then another',
      needs: ['clock'],
      async run(stage) {
        const bench = await createBench(stage, LONG_CODE);
        const { id } = await bench.start();
        const first = bench.codeFor();
        await resendAfter(stage, bench, id, 2 * MINUTE);
        expectEqual(bench.codeFor(), first, 'a resend carried another code though nobody had guessed: the record was not the one last written');
        await bench.verifiers[0].check({ id, code: '0000000000' });
        await resendAfter(stage, bench, id, 5 * MINUTE);
        expectThat(bench.codeFor() !== first, 'a resend repeated the code after a wrong guess: the guess was not in the record');
        await expectOldCodeDead(bench, id, first);
      },
    },
    {
      title: 'I2: where resends rotate the code, the newest message approves and an older one does not',
      needs: ['clock'],
      async run(stage) {
        const bench = await createBench(stage, { ...LONG_CODE, resendPolicy: 'rotate' });
        const { id } = await bench.start();
        const first = bench.codeFor();
        await resendAfter(stage, bench, id, 2 * MINUTE);
        expectThat(bench.codeFor() !== first, 'a resend did not carry another code: the record was not the one last written');
        await expectOldCodeDead(bench, id, first);
      },
    },
    {
      title: 'I8: a code is accepted until the millisecond before it expires, and not from then on',
      needs: ['clock'],
      async run(stage) {
        const bench = await createBench(stage);
        const [first, second] = bench.verifiers;
        const inTime = await bench.start({ to: 'in-time@example.com' });
        const late = await bench.start({ to: 'late@example.com' });
        stage.clock.set(late.expiresAt.getTime() - 1);
        const accepted = await first.check({ id: inTime.id, code: bench.codeFor('in-time@example.com') });
        expectEqual(accepted.status, 'approved', `a code was refused a millisecond before it expired: ${CLOCK}`);
        stage.clock.set(late.expiresAt.getTime());
        const refused = await second.check({ id: late.id, code: bench.codeFor('late@example.com') });
        expectEqual(refused.status, 'expired', `a code was accepted when it had expired: ${CLOCK}`);
        stage.clock.advance(-5 * MINUTE);
        const revived = await first.check({ id: late.id, code: bench.codeFor('late@example.com') });
        expectEqual(revived.status, 'expired', 'a code that was seen expired was accepted after the clock was set back: the refusal was not written');
      },
    },
    {
      title: 'I5: a clock that is set back shortens no wait, not even when it is put right again',
      needs: ['clock'],
      async run(stage) {
        const bench = await createBench(stage, ROOMY);
        const expected = stage.clock.now() + 2 * MINUTE;
        await bench.start();
        stage.clock.advance(-HOUR);
        const retryAt = await refusedUntil(bench, { to: TO });
        expectEqual(retryAt, expected, `the wait of two minutes was moved when the clock was set back: ${CLOCK}`);
        stage.clock.advance(HOUR);
        await expectBothSides(stage.clock, retryAt, bench, { to: TO });
      },
    },
    {
      title: 'I17: a refusal that is too soon tells the very millisecond from which on it is not',
      needs: ['clock'],
      async run(stage) {
        const bench = await createBench(stage, ROOMY);
        await bench.start({ requester: 'account 1' });
        // Another requester is held up by the spacing alone.
        await expectBothSides(stage.clock, await refusedUntil(bench, { to: TO, requester: 'account 2' }), bench, { to: TO, requester: 'account 2' });
        await expectBothSides(stage.clock, await refusedUntil(bench, { to: TO, requester: 'account 1' }), bench, { to: TO, requester: 'account 1' });
      },
    },
    {
      title: 'I17: a send budget that is used up tells when it is not any more',
      needs: ['clock'],
      async run(stage) {
        const bench = await createBench(stage, { ladder: [SECOND] });
        const startedAt = stage.clock.now();
        for (let sends = 1; sends <= 5; sends += 1) {
          await bench.start();
          stage.clock.advance(30 * SECOND);
        }
        const retryAt = await refusedUntil(bench, { to: TO });
        expectThat(retryAt >= startedAt + HOUR, `a sixth message was promised within an hour of the first: ${CLOCK}`);
        await expectBothSides(stage.clock, retryAt, bench, { to: TO });
      },
    },
    {
      title: 'I17: a budget of guesses that is used up tells when it is not any more',
      needs: ['clock'],
      async run(stage) {
        const bench = await createBench(stage, { ladder: [SECOND], sendSpacing: SECOND });
        const [first, second] = bench.verifiers;
        for (const verifier of bench.verifiers) {
          const { id } = await bench.start();
          await useUpGuesses(verifier, id, bench.codeFor());
          stage.clock.advance(SECOND);
        }
        const refused = await first.check({ id: (await bench.start()).id, code: bench.codeFor() });
        const retryAt = refused.status === 'budget_exhausted' ? refused.retryAt.getTime() : 0;
        stage.clock.set(retryAt - 1);
        const { id } = await bench.start();
        const [wrong = ''] = wrongCodes(bench.codeFor(), 1);
        const early = await second.check({ id, code: wrong });
        expectEqual(early, { status: 'budget_exhausted', retryAt: new Date(retryAt) }, `a guess was judged before the time it was told: ${CLOCK}`);
        stage.clock.set(retryAt);
        const onTime = await second.check({ id, code: wrong });
        expectEqual(
          onTime,
          { status: 'pending', reason: 'wrong_code', attemptsLeft: 4 },
          `a guess was refused at the very time it was told: ${CLOCK}`,
        );
      },
    },
    {
      title: 'I17: a message that is under way tells until when another has to wait for it',
      needs: ['clock'],
      run: waitForMessageUnderWay,
    },
  ],
};

/** Stands on both sides of each wait, with a crowd. */
async function climb(stage: Stage, input: StartInput, waits: readonly number[]): Promise<void> {
  const bench = await createBench(stage, ROOMY);
  const crowd = () => bench.crowd(20, (verifier) => verifier.start(input));
  await crowd();
  for (const [step, wait] of waits.entries()) {
    const sentAt = stage.clock.now();
    stage.clock.set(sentAt + wait - 1);
    await crowd();
    expectEqual(bench.sender.calls, step + 1, `a message left a millisecond before wait ${step + 1} was over, or none before it: ${CLOCK}`);
    stage.clock.set(sentAt + wait);
    await crowd();
    expectEqual(bench.sender.calls, step + 2, `not exactly one of 20 messages left when wait ${step + 1} was over: ${CLOCK}`);
  }
}

async function resendAfter({ clock }: Stage, { verifiers }: EngineBench, id: string, wait: number): Promise<void> {
  clock.advance(wait);
  const { status } = await verifiers[1].resend({ id });
  expectEqual(status, 'pending', `a resend was refused when its wait was over: ${CLOCK}`);
}

async function expectOldCodeDead({ verifiers: [first, second], codeFor }: EngineBench, id: string, old: string): Promise<void> {
  expectEqual((await first.check({ id, code: old })).status, 'pending', 'a code that was superseded was accepted: the resend was not in the record');
  expectEqual((await second.check({ id, code: codeFor() })).status, 'approved', 'the code of the newest message was refused');
}

/** The time that a refused start is told. */
async function refusedUntil({ verifiers }: EngineBench, input: StartInput): Promise<number> {
  const answer = await verifiers[1].start(input);
  const retryAt = answer.status === 'refused' ? answer.retryAt : undefined;
  expectThat(retryAt !== undefined, `a start was not refused until a time where a limit stood in its way: ${CLOCK}`);
  return retryAt?.getTime() ?? 0;
}

/** Ensure that a start is refused until the millisecond before `retryAt`, with that same time, and accepted at it. */
async function expectBothSides(clock: FakeClock, retryAt: number, bench: EngineBench, input: StartInput): Promise<void> {
  clock.set(retryAt - 1);
  expectEqual(await refusedUntil(bench, input), retryAt, `a millisecond before the time it was told a start was told another: ${CLOCK}`);
  clock.set(retryAt);
  expectThat(isPending(await bench.verifiers[0].start(input)), `a start was refused at the very time it was told: ${CLOCK}`);
}

async function waitForMessageUnderWay(stage: Stage): Promise<void> {
  let arrive: (() => void) | undefined;
  let letGo: ((outcome: SendOutcome) => void) | undefined;
  const arrived = new Promise<void>((resolve) => {
    arrive = resolve;
  });
  const gate = new Promise<SendOutcome>((resolve) => {
    letGo = resolve;
  });
  const bench = await createBench(stage, { ...ROOMY, ladder: [SECOND] }, (_message, call) => {
    arrive?.();
    return call === 1 ? gate : 'sent';
  });
  const input = { to: TO, requester: 'account 1' };
  const underWay = bench.verifiers[0].start(input);
  try {
    await Promise.race([arrived, underWay]);
    const refused = await bench.verifiers[1].start(input);
    expectEqual(
      refused.status === 'refused' && refused.reason,
      'in_progress',
      'a second start did not see that the message of the first is under way',
    );
    const retryAt = await refusedUntil(bench, input);
    expectEqual(retryAt, stage.clock.now() + MINUTE, `a message under way was not waited for for a minute: ${CLOCK}`);
    await expectBothSides(stage.clock, retryAt, bench, input);
  } finally {
    letGo?.('sent');
    await underWay;
  }
}
