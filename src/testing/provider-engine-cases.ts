import { CountersignError } from '../core/errors.ts';
import type { CheckResult, PendingResult, StartInput, StartResult } from '../engine/results.ts';
import type { Verifier } from '../engine/verifier.ts';
import { countByStatus, wrongCodes } from './engine-bench.ts';
import { anyDestination, describe, newestCode, type ProviderCaseGroup, type ProviderStage } from './provider-case.ts';
import { expectEqual, expectThat, outcomeOf, range } from './store-case.ts';

/** The engine's promises, kept with this provider under it. */
export const engineCases: ProviderCaseGroup = {
  title: 'the engine on it',
  cases: [
    {
      title: 'A code that is sent is approved, once',
      async run(stage) {
        const verifier = stage.verifier();
        const { id } = await start(stage, verifier);
        const code = await codeOf(stage);
        const [wrong = ''] = wrongCodes(code, 1);
        const guessed = await verifier.check({ id, code: wrong });
        expectThat(guessed.status === 'pending', `a wrong code was not answered as wrong: ${describe(guessed)}`);
        const checked = await verifier.check({ id, code });
        expectThat(checked.status === 'approved', `the code that was sent was not approved: ${describe(checked)}`);
        expectEqual(await verifier.check({ id, code }), { status: 'already_approved' }, 'a code was approved twice');
      },
    },
    {
      title: 'I1: of a hundred right guesses at the same time exactly one is approved',
      async run(stage) {
        const [verifier, id] = await prepare(stage);
        const code = await codeOf(stage);
        const { approved = 0 } = await guessAtOnce(range(100).map(() => verifier.check({ id, code })));
        expectEqual(approved, 1, 'of a hundred right guesses at once not exactly one was approved');
      },
    },
    {
      title: 'I3: of a thousand wrong guesses at the same time none is approved, and the sixth is not judged',
      async run(stage) {
        const [verifier, id] = await prepare(stage);
        const code = await codeOf(stage);
        const answers = await guessAtOnce(wrongCodes(code, 1_000).map((wrong) => verifier.check({ id, code: wrong })));
        expectEqual(answers.approved ?? 0, 0, 'a wrong code was approved');
        const told = (answers.pending ?? 0) + (answers.max_attempts_reached ?? 0) + (answers.conflict ?? 0);
        expectEqual(told, 1_000, `guesses were answered otherwise than as wrong, used up or to be submitted again: ${describe(answers)}`);
        const last = await verifier.check({ id, code });
        expectEqual(last, { status: 'max_attempts_reached' }, 'the right code was judged after five wrong ones');
      },
    },
    {
      title: 'I5: of 200 starts at the same time exactly one sends a message',
      async run(stage) {
        const verifier = stage.verifier();
        const to = anyDestination(stage);
        const answers = await Promise.all(range(200).map(() => verifier.start({ ...inputOf(stage), requester: 'account 1' })));
        expectEqual(countByStatus(answers), { pending: 1, refused: 199 }, 'not exactly one of 200 starts was answered as sent');
        expectEqual((await stage.codes(to)).length, 1, 'not exactly one message left for 200 starts at once');
      },
    },
    {
      title: 'A resend goes on with the same verification: the newest code is approved under the id that was given first',
      async run(stage) {
        const [verifier, id, { resendAt }] = await prepare(stage);
        stage.clock.set(resendAt.getTime());
        const resent = await verifier.resend({ id });
        expectThat(resent.status === 'pending' && resent.id === id, `a resend that the limits allow was not sent: ${describe(resent)}`);
        expectEqual((await stage.codes(anyDestination(stage))).length, 2, 'a resend did not send one message');
        const checked = await verifier.check({ id, code: await codeOf(stage) });
        expectThat(checked.status === 'approved', `the code of a resend was not approved: ${describe(checked)}`);
      },
    },
    {
      title: 'A message that is refused gives back what it claimed: the next one leaves at once',
      needs: ['refuse'],
      async run(stage) {
        const verifier = stage.verifier();
        await stage.fail('refuse');
        const { isRejected, value, error } = await outcomeOf(() => verifier.start(inputOf(stage)));
        const isRefused = isRejected ? error instanceof CountersignError : (value as StartResult).status === 'refused';
        expectThat(isRefused, `a start whose message was refused was answered as sent: ${describe(value)}`);
        await start(stage, verifier);
        expectEqual((await stage.codes(anyDestination(stage))).length, 1, 'not exactly one message left after one was refused');
      },
    },
    {
      title: 'I5: a message of which nothing is known counts: no second one leaves before its wait is over',
      needs: ['cut'],
      async run(stage) {
        const verifier = stage.verifier();
        await stage.fail('cut');
        const { deliveries } = await start(stage, verifier);
        expectEqual(
          deliveries.map(({ status }) => status),
          ['unknown'],
          'a message whose answer was lost was not kept as unknown',
        );
        const again = await verifier.start({ ...inputOf(stage), requester: 'account 2' });
        expectEqual(again.status, 'refused', 'a start was answered as sent right after a message that may have left');
        const { length } = await stage.codes(anyDestination(stage));
        expectThat(length <= 1, `${length} messages left for one that may have`);
      },
    },
    {
      title: 'I2: what is canceled stays canceled, and its code approves nothing that is begun after it',
      async run(stage) {
        const [verifier, id, { resendAt }] = await prepare(stage);
        const code = await codeOf(stage);
        expectEqual(await verifier.cancel({ id }), { status: 'canceled' }, 'a pending verification was not canceled');
        expectEqual(await verifier.check({ id, code }), { status: 'canceled' }, 'a code was judged after its verification had been canceled');
        stage.clock.set(resendAt.getTime());
        const next = await start(stage, verifier, { purpose: 'another' });
        const newest = await codeOf(stage);
        if (newest !== code) {
          const checked = await verifier.check({ id: next.id, code, purpose: 'another' });
          expectThat(checked.status === 'pending', `the code of a canceled verification was not wrong for the next one: ${describe(checked)}`);
        }
        const checked = await verifier.check({ id: next.id, code: newest, purpose: 'another' });
        expectThat(checked.status === 'approved', `the code of the next verification was not approved: ${describe(checked)}`);
      },
    },
    {
      title: 'I2: a code is worthless for another requester and another purpose of its destination',
      async run(stage) {
        const verifier = stage.verifier();
        const first = await start(stage, verifier, { requester: 'account 1' });
        const code = await codeOf(stage);
        stage.clock.set(first.resendAt.getTime());
        for (const owner of [{ requester: 'account 2' }, { requester: 'account 1', purpose: 'another' }]) {
          const checked = await verifier.check({ id: first.id, code, ...owner });
          expectEqual(checked, { status: 'not_found' }, 'a code was judged for somebody else, or for something else, than it was sent for');
          const second = await verifier.start({ ...inputOf(stage), ...owner });
          if (second.status !== 'pending') continue;
          if ((await codeOf(stage)) === code) continue;
          const crossed = await verifier.check({ id: second.id, code, ...owner });
          expectThat(crossed.status !== 'approved', 'a code approved a verification that it was not sent for');
        }
        const checked = await verifier.check({ id: first.id, code, requester: 'account 1' });
        expectThat(checked.status === 'approved', `a code was not approved for whom it was sent: ${describe(checked)}`);
      },
    },
  ],
};

function inputOf(stage: ProviderStage): StartInput {
  return { to: anyDestination(stage).reveal(), channel: stage.provider.channels[0] };
}

async function start(stage: ProviderStage, verifier: Verifier, input: Partial<StartInput> = {}): Promise<PendingResult> {
  const started = await verifier.start({ ...inputOf(stage), ...input });
  expectThat(started.status === 'pending', `a start was refused though nothing stood in its way: ${describe(started)}`);
  return started as PendingResult;
}

async function prepare(stage: ProviderStage): Promise<readonly [Verifier, string, PendingResult]> {
  const verifier = stage.verifier();
  const started = await start(stage, verifier);
  return [verifier, started.id, started];
}

function codeOf(stage: ProviderStage): Promise<string> {
  return newestCode(stage, anyDestination(stage));
}

/** What guesses at once came to: their statuses, and the codes of what was thrown. */
async function guessAtOnce(calls: readonly Promise<CheckResult>[]): Promise<Record<string, number>> {
  const settled = await Promise.allSettled(calls);
  return countByStatus(
    settled.map((one) => {
      if (one.status === 'fulfilled') return one.value;
      return { status: one.reason instanceof CountersignError ? one.reason.code : describe(one.reason) };
    }),
  );
}
