import { CODE_LENGTH } from '../core/codes.ts';
import { CHANNELS } from '../core/destination.ts';
import { CountersignError } from '../core/errors.ts';
import type { ProviderOptions } from '../providers/provider.ts';
import { catchPrinted, print } from './printed.ts';
import {
  anyDestination,
  describe,
  destinationFor,
  firstChannel,
  guess,
  newestCode,
  notThis,
  type ProviderCaseGroup,
  type ProviderStage,
  type SendGiven,
  send,
  sendCode,
} from './provider-case.ts';
import { isSendResult } from './provider-shapes.ts';
import { allAtOnce, expectEqual, expectThat, outcomeOf, range } from './store-case.ts';

/** What every provider promises of messages. */
export const sendCases: ProviderCaseGroup = {
  title: 'messages',
  cases: [
    {
      title: 'A provider says what it is: a short name, the channels it reaches and, where it judges, how long its codes are and what it keeps apart',
      async run({ provider }) {
        const { name, channels } = provider;
        expectThat(typeof name === 'string' && /^[\x21-\x7e]{1,40}$/.test(name), '`name` must have 1 to 40 printable characters and no space');
        const areChannels = Array.isArray(channels) && channels.length > 0 && channels.every((channel) => CHANNELS.includes(channel));
        expectThat(areChannels, `\`channels\` must list at least one of ${CHANNELS.join(', ')}`);
        if (!('check' in provider)) return;
        const { codeLength, isolation, check, cancel } = provider;
        const isLength = Number.isSafeInteger(codeLength) && codeLength >= CODE_LENGTH.min && codeLength <= CODE_LENGTH.max;
        expectThat(isLength, `\`codeLength\` must be a whole number from ${CODE_LENGTH.min} to ${CODE_LENGTH.max}`);
        expectThat(isolation === 'verification' || isolation === 'destination', '`isolation` must be "verification" or "destination"');
        expectThat(typeof check === 'function' && typeof cancel === 'function', 'a provider that judges has both `check` and `cancel`');
      },
    },
    {
      title: 'One call sends one message, to the destination it is for and to no other, on every channel',
      async run(stage) {
        for (const channel of stage.provider.channels) {
          const [to, other] = [destinationFor(channel, 0), destinationFor(channel, 1)];
          const [before, others] = [await stage.codes(to), await stage.codes(other)];
          await sendCode(stage, { channel, to });
          const left = (await stage.codes(to)).length - before.length;
          expectEqual(left, 1, `one call for ${channel} did not send one message: a second is a second cost, and never asked for`);
          expectEqual(await stage.codes(other), others, `a message for ${channel} went to another destination as well`);
        }
      },
    },
    {
      title:
        'The code that a person gets is the one that counts: digits, as many as it says, and where codes are carried the very one that was given',
      async run(stage) {
        const { code } = await sendCode(stage, { code: '048271' });
        if ('check' in stage.provider) {
          const isCode = new RegExp(`^\\d{${stage.provider.codeLength}}$`).test(code);
          expectThat(isCode, `a code was not ${stage.provider.codeLength} digits long: guesses of another length are not asked about`);
        } else expectEqual(code, '048271', 'another code left than was handed over');
      },
    },
    {
      title: 'Of messages at the same time to as many destinations each arrives once',
      async run(stage) {
        const channel = firstChannel(stage);
        const results = await allAtOnce(20, (index) => send(stage, { to: destinationFor(channel, index), verification: index }));
        expectEqual(
          results.map((result) => result?.status),
          range(20).map(() => 'sent'),
          'a message was not sent because others were under way',
        );
        for (const index of range(20)) {
          const codes = await stage.codes(destinationFor(channel, index));
          expectEqual(codes.length, 1, 'a destination did not get one message');
        }
      },
    },
    {
      title: 'A message that surely was not sent is answered as refused, is never thrown, and the next one leaves',
      needs: ['refuse'],
      async run(stage) {
        const result = await failedSend(stage, 'refuse');
        expectThat(result?.status === 'refused', `a message that was refused was not answered so: ${describe(result)}`);
        expectEqual(await stage.codes(anyDestination(stage)), [], 'a message left though it was answered as refused');
        await sendCode(stage);
      },
    },
    {
      title: 'A message whose answer is lost may have left: it is answered as unknown, is never thrown, and is not repeated',
      needs: ['cut'],
      run: async (stage) => expectUnknown(stage, await failedSend(stage, 'cut')),
    },
    {
      title: 'A message that is not answered is given up in time: it is answered as unknown, and is not repeated',
      needs: ['hang'],
      run: async (stage) => expectUnknown(stage, await failedSend(stage, 'hang')),
    },
    {
      title: 'Options that it does not know are refused by name, with invalid_request and without their value',
      async run({ provider }) {
        const parse = provider.parseOptions?.bind(provider) as ((options: ProviderOptions) => unknown) | undefined;
        if (parse === undefined) return;
        const { error, isRejected } = await outcomeOf(async () => parse({ 'no such option': '+14155552671' }));
        expectThat(isRejected, 'an option that nobody knows was taken: a misspelt one would be passed over in silence');
        expectThat(
          error instanceof CountersignError && error.code === 'invalid_request',
          `\`parseOptions\` must throw invalid_request, not ${describe(error)}`,
        );
        expectThat(!print(error).includes('4155552671'), '`parseOptions` repeats the value of an option: it may be anything');
      },
    },
    {
      title: "A message's answer is of the contract's shape, whatever becomes of it",
      async run(stage) {
        const channel = firstChannel(stage);
        for (const [index, result] of [await send(stage), await send(stage), await send(stage, { to: destinationFor(channel, 1) })].entries()) {
          expectThat(
            isSendResult(result),
            `the answer of message ${index + 1} is not of the shape in \`providers/provider.ts\`: ${describe(result)}`,
          );
        }
      },
    },
    {
      title: 'A failed message is answered in the shape of the contract too',
      needs: ['refuse', 'cut'],
      async run(stage) {
        for (const failure of ['refuse', 'cut'] as const) {
          const result = await failedSend(stage, failure);
          expectThat(
            isSendResult(result),
            `the answer of a message that failed is not of the shape in \`providers/provider.ts\`: ${describe(result)}`,
          );
        }
      },
    },
    {
      title: 'I9: no number, address or code is in anything it answers, throws or prints',
      run: (stage) => expectSilence(stage, async () => undefined),
    },
    {
      title: 'I9: nor when it fails',
      needs: ['refuse', 'cut'],
      run: (stage) => expectSilence(stage, async (call) => void (await stage.fail(call % 2 === 0 ? 'refuse' : 'cut'))),
    },
  ],
};

/** Sends a message that fails; one that is thrown fails the case. */
async function failedSend(stage: ProviderStage, failure: 'refuse' | 'cut' | 'hang', given: SendGiven = {}) {
  const end = await stage.fail(failure);
  const [outcome] = await Promise.all([outcomeOf(() => send(stage, given)), end()]);
  const { isRejected, error, value } = outcome;
  expectThat(!isRejected, `a message that failed was thrown: what a way out does is a result. ${describe(error)}`);
  return value as Awaited<ReturnType<typeof send>>;
}

async function expectUnknown(stage: ProviderStage, result: Awaited<ReturnType<typeof send>>): Promise<void> {
  expectThat(result?.status === 'unknown', `a message that may have left was not answered as unknown: ${describe(result)}`);
  const codes = await stage.codes(anyDestination(stage));
  expectThat(codes.length <= 1, `a message whose answer was lost was sent again (${codes.length} have left): never repeat a send`);
}

/** Calls everything there is, and looks for numbers and codes in all that comes of it. */
async function expectSilence(stage: ProviderStage, before: (call: number) => Promise<void>): Promise<void> {
  const secrets = new Set<string>();
  const { value: kept, printed } = await catchPrinted(async () => {
    const results: string[] = [];
    let calls = 0;
    const keep = async (call: () => Promise<unknown>) => {
      await before(calls);
      calls += 1;
      const { value, error } = await outcomeOf(call);
      results.push(print(value), print(error));
    };
    for (const [index, channel] of stage.provider.channels.entries()) {
      const to = destinationFor(channel, index);
      const sent = await sendCode(stage, { channel, to, code: '830946', verification: index });
      for (const secret of [to.reveal().replace(/^\+/, '').replace(/[.+]/g, '\\$&'), sent.code, notThis(sent.code)]) secrets.add(secret);
      await keep(() => send(stage, { channel, to, code: '830946', verification: index }));
      secrets.add(await newestCode(stage, to));
      if (!('check' in stage.provider)) continue;
      await keep(() => guess(stage, { ...sent, code: notThis(sent.code) }));
      await keep(() => guess(stage, { ...sent, reference: undefined }));
      await keep(() => stage.judge.cancel(sent));
      await keep(() => guess(stage, sent));
    }
    return results.join('\n');
  });
  for (const secret of secrets) {
    // Not within an id: six digits are in one of some thousands by chance.
    const text = new RegExp(`(?<![0-9A-Fa-f])${secret}(?![0-9A-Fa-f])`);
    expectThat(!text.test(kept), 'a number, an address or a code is in what it answers or throws: answers end in records, errors in tickets');
    expectThat(!text.test(printed), 'a number, an address or a code was printed: a provider logs nothing');
  }
}
