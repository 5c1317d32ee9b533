import type { ProviderCheckResult } from '../providers/provider.ts';
import {
  anyDestination,
  describe,
  destinationFor,
  firstChannel,
  guess,
  notThis,
  type ProviderCaseGroup,
  type ProviderStage,
  type Sent,
  sendCode,
} from './provider-case.ts';
import { isCancelResult, isCheckResult } from './provider-shapes.ts';
import { allAtOnce, expectEqual, expectThat, outcomeOf } from './store-case.ts';

/** What a provider promises that issues and judges codes of its own. */
export const judgeCases: ProviderCaseGroup = {
  title: 'guesses',
  forJudges: true,
  cases: [
    {
      title: 'A right code is approved, and only once',
      async run(stage) {
        const sent = await sendCode(stage);
        await expectApproved(stage, sent, 'a right code was not approved');
        await expectNotApproved(stage, sent, 'a code was approved a second time: what it proved once it would prove to whoever reads it later');
      },
    },
    {
      title: 'I1: of right guesses at the same time at most one is approved',
      async run(stage) {
        const sent = await sendCode(stage);
        const results = await allAtOnce(20, () => guess(stage, sent));
        const approved = results.filter((result) => result?.status === 'approved').length;
        expectEqual(approved, 1, 'of twenty right guesses at once not exactly one was approved');
      },
    },
    {
      title: 'A wrong code is wrong, and the right one is approved after it',
      async run(stage) {
        const sent = await sendCode(stage);
        const result = await guess(stage, { ...sent, code: notThis(sent.code) });
        expectThat(result?.status === 'wrong', `a wrong code was not answered as wrong: ${describe(result)}`);
        await expectApproved(stage, sent, 'a right code was not approved after a wrong one');
      },
    },
    {
      title: 'The code of one destination approves nothing for another',
      async run(stage) {
        const [first, second] = await sendTwo(stage);
        const complaint = 'the code that one person got approved a destination that is not theirs';
        if (first.code !== second.code) await expectNotApproved(stage, { ...second, code: first.code }, complaint);
        await expectApproved(stage, second, 'a right code was not approved after the code of another destination');
        await expectApproved(stage, first, 'a right code was not approved after it had been tried elsewhere');
      },
    },
    {
      title: 'The reference decides which verification is asked about: the code of another one approves nothing',
      async run(stage) {
        const [first, second] = await sendTwo(stage);
        expectThat(first.reference !== undefined, 'a message that was sent was answered without a `reference`: guesses are asked about by it');
        expectThat(first.reference !== second.reference, 'two verifications have one reference');
        const complaint = 'a code was approved under the reference of another verification';
        await expectNotApproved(stage, { ...first, reference: second.reference }, complaint);
      },
    },
    {
      title: 'A verification it does not know is never approved, nor a destination that no code was sent to',
      async run(stage) {
        const sent = await sendCode(stage);
        const { reference = '' } = sent;
        const unknown = `${reference.slice(0, -1)}${reference.endsWith('0') ? '1' : '0'}`;
        await expectNotApproved(stage, { ...sent, reference: unknown }, 'a code was approved under a reference that nobody was given');
        const other = { ...sent, to: anyDestination(stage, 7), reference: undefined };
        await expectNotApproved(stage, other, 'a code was approved for a destination that no code was sent to');
      },
    },
    {
      title: 'Where the reference was lost the destination has to do',
      async run(stage) {
        const sent = await sendCode(stage);
        await expectApproved(stage, { ...sent, reference: undefined }, 'a right code was not approved by its destination alone');
      },
    },
    {
      title: 'A code that is sent again keeps its reference, and the newest is approved under it',
      async run(stage) {
        const [first, second] = [await sendCode(stage), await sendCode(stage)];
        expectEqual(second.reference, first.reference, 'a resend within the life of its verification was answered with another reference');
        await expectApproved(stage, { ...first, code: second.code }, 'the code that was sent again was not approved');
        await expectNotApproved(stage, first, 'a code was approved twice because it had been sent twice');
      },
    },
    {
      title: 'After a cancel nothing is approved, by reference or by destination, and the next message begins anew',
      async run(stage) {
        const sent = await sendCode(stage);
        const { status } = await stage.judge.cancel(sent);
        expectEqual(status, 'canceled', 'a pending verification was not canceled');
        await expectNotApproved(stage, sent, 'a code was approved after its verification had been canceled');
        await expectNotApproved(stage, { ...sent, reference: undefined }, 'a canceled verification was found again by its destination');
        const again = await stage.judge.cancel(sent);
        expectThat(again?.status !== 'failed', 'a second cancel failed: one that finds nothing to end is answered as gone');
        const next = await sendCode(stage, { verification: 2 });
        expectThat(next.reference !== sent.reference, 'a message after a cancel goes on with the verification that was canceled');
        await expectApproved(stage, next, 'the code of a new verification was not approved after another had been canceled');
      },
    },
    {
      title: 'A cancel ends nothing but what it names',
      async run(stage) {
        const [first, second] = await sendTwo(stage);
        await stage.judge.cancel(first);
        await expectApproved(stage, second, 'canceling one verification ended another');
      },
    },
    {
      title: 'It keeps apart what its `isolation` says',
      async run(stage) {
        const first = await sendCode(stage, { verification: 1 });
        const second = await sendCode(stage, { verification: 2 });
        if (stage.judge.isolation === 'destination') return;
        expectThat(first.reference !== second.reference, 'two verifications of one destination are one: say `isolation: "destination"`');
        if (first.code !== second.code)
          await expectNotApproved(stage, { ...second, code: first.code }, 'a code was approved for another verification of its destination');
        await expectApproved(stage, second, 'a second verification of a destination was not approved');
        await expectApproved(stage, first, 'a first verification of a destination was not approved after a second');
      },
    },
    {
      title: "The answers to guesses and cancels are of the contract's shape",
      async run(stage) {
        const sent = await sendCode(stage);
        const guesses = [notThis(sent.code), sent.code, sent.code].map((code) => ({ ...sent, code }));
        for (const one of guesses) expectShape(isCheckResult, await guess(stage, one), 'a guess');
        expectShape(isCancelResult, await stage.judge.cancel(sent), 'a cancel after an approval');
        expectShape(isCancelResult, await stage.judge.cancel(await sendCode(stage, { verification: 2 })), 'a cancel');
      },
    },
    {
      title: 'A guess that surely was not judged is answered as failed, is never thrown, and can be made again',
      needs: ['refuse'],
      async run(stage) {
        const sent = await sendCode(stage);
        const result = await failing(stage, 'refuse', () => guess(stage, sent), 'a guess');
        expectShape(isCheckResult, result, 'a guess that failed');
        expectThat(statusOf(result) === 'failed', `a guess that was not judged was not answered as failed: ${describe(result)}`);
        await expectApproved(stage, sent, 'a right code was not approved after a guess that had not been judged');
      },
    },
    ...(['cut', 'hang'] as const).map((failure) => ({
      title:
        failure === 'cut'
          ? 'A guess whose answer is lost is neither right nor wrong: it is answered as unknown, and is never thrown'
          : 'A guess that is not answered is given up in time, as unknown',
      needs: [failure],
      async run(stage: ProviderStage) {
        const sent = await sendCode(stage);
        const result = await failing(stage, failure, () => guess(stage, sent), 'a guess');
        expectShape(isCheckResult, result, 'a guess whose answer was lost');
        expectThat(statusOf(result) === 'unknown', `a guess that may have been judged was not answered as unknown: ${describe(result)}`);
      },
    })),
    {
      title: 'A cancel that fails says so, and is never thrown',
      needs: ['refuse', 'cut'],
      async run(stage) {
        const sent = await sendCode(stage);
        for (const failure of ['refuse', 'cut'] as const) {
          const result = await failing(stage, failure, () => stage.judge.cancel(sent), 'a cancel');
          expectShape(isCancelResult, result, 'a cancel that failed');
          expectThat(statusOf(result) === 'failed', `a cancel of which nothing is known was not answered as failed: ${describe(result)}`);
        }
      },
    },
  ],
};

async function sendTwo(stage: ProviderStage): Promise<readonly [Sent, Sent]> {
  const channel = firstChannel(stage);
  return [
    await sendCode(stage, { to: destinationFor(channel, 0), verification: 1 }),
    await sendCode(stage, { to: destinationFor(channel, 1), verification: 2 }),
  ];
}

async function expectApproved(stage: ProviderStage, sent: Sent, complaint: string): Promise<void> {
  const result = await guess(stage, sent);
  expectThat(result?.status === 'approved', `${complaint}: ${describe(result)}`);
}

async function expectNotApproved(stage: ProviderStage, sent: Sent, complaint: string): Promise<void> {
  const { isRejected, value, error } = await outcomeOf(() => guess(stage, sent));
  expectThat(!isRejected, `a guess at what is not there was thrown: it is a result. ${describe(error)}`);
  expectThat((value as ProviderCheckResult | undefined)?.status !== 'approved', complaint);
}

async function failing(stage: ProviderStage, failure: 'refuse' | 'cut' | 'hang', call: () => Promise<unknown>, what: string): Promise<unknown> {
  const end = await stage.fail(failure);
  const [{ isRejected, value, error }] = await Promise.all([outcomeOf(call), end()]);
  expectThat(!isRejected, `${what} that failed was thrown: it is a result. ${describe(error)}`);
  return value;
}

function expectShape(isRight: (value: unknown) => boolean, value: unknown, what: string): void {
  expectThat(isRight(value), `the answer to ${what} is not of the shape in \`providers/provider.ts\`: ${describe(value)}`);
}

function statusOf(value: unknown): unknown {
  return (value as { status?: unknown } | undefined)?.status;
}
