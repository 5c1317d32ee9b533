import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type OpenProvider, providerSuite } from '../../src/testing/testing.ts';
import { runSuite, type SuiteReport } from '../stores/collecting-runner.ts';
import * as broken from './broken-providers.ts';
import { PlainJudge } from './plain-judge.ts';

type MakeJudge = new () => PlainJudge;
type MakeCarrier = new () => broken.PlainCarrier;

/** Each broken provider that judges, and the promises that break on it, in the order of the suite. */
const JUDGES: readonly { readonly Made: MakeJudge; readonly breaks: readonly string[] }[] = [
  {
    Made: broken.ApprovesTwice,
    breaks: [
      'A right code is approved, and only once',
      'I1: of right guesses at the same time at most one is approved',
      'A code that is sent again keeps its reference, and the newest is approved under it',
    ],
  },
  { Made: broken.LooksTooEarly, breaks: ['I1: of right guesses at the same time at most one is approved'] },
  {
    Made: broken.IgnoresReference,
    breaks: [
      'The reference decides which verification is asked about: the code of another one approves nothing',
      'A verification it does not know is never approved, nor a destination that no code was sent to',
    ],
  },
  {
    Made: broken.GoesByTheCode,
    breaks: [
      'The code of one destination approves nothing for another',
      'The reference decides which verification is asked about: the code of another one approves nothing',
      'A verification it does not know is never approved, nor a destination that no code was sent to',
    ],
  },
  { Made: broken.NeedsReference, breaks: ['Where the reference was lost the destination has to do'] },
  {
    Made: broken.ThrowsOnRefusal,
    breaks: [
      'A message that surely was not sent is answered as refused, is never thrown, and the next one leaves',
      'A failed message is answered in the shape of the contract too',
      'A guess that surely was not judged is answered as failed, is never thrown, and can be made again',
      'A cancel that fails says so, and is never thrown',
      'A message that is refused gives back what it claimed: the next one leaves at once',
    ],
  },
  { Made: broken.RepeatsTheNumber, breaks: ['I9: no number, address or code is in anything it answers, throws or prints'] },
  { Made: broken.LogsTheCode, breaks: ['I9: no number, address or code is in anything it answers, throws or prints', 'I9: nor when it fails'] },
  {
    Made: broken.SendsTwice,
    breaks: [
      'A message whose answer is lost may have left: it is answered as unknown, is never thrown, and is not repeated',
      'A message that is not answered is given up in time: it is answered as unknown, and is not repeated',
      'A guess whose answer is lost is neither right nor wrong: it is answered as unknown, and is never thrown',
      'A guess that is not answered is given up in time, as unknown',
      'A cancel that fails says so, and is never thrown',
      'I5: a message of which nothing is known counts: no second one leaves before its wait is over',
    ],
  },
  {
    Made: broken.SendsBothWays,
    breaks: [
      'One call sends one message, to the destination it is for and to no other, on every channel',
      'Of messages at the same time to as many destinations each arrives once',
      'A message whose answer is lost may have left: it is answered as unknown, is never thrown, and is not repeated',
      'A message that is not answered is given up in time: it is answered as unknown, and is not repeated',
      'I5: of 200 starts at the same time exactly one sends a message',
      'A resend goes on with the same verification: the newest code is approved under the id that was given first',
      'A message that is refused gives back what it claimed: the next one leaves at once',
      'I5: a message of which nothing is known counts: no second one leaves before its wait is over',
    ],
  },
  {
    Made: broken.AnswersUnknownShapes,
    breaks: [
      "A message's answer is of the contract's shape, whatever becomes of it",
      "The answers to guesses and cancels are of the contract's shape",
    ],
  },
  { Made: broken.CancelsNothing, breaks: ['After a cancel nothing is approved, by reference or by destination, and the next message begins anew'] },
  {
    Made: broken.ForgetsWhatIsPending,
    breaks: [
      'Where the reference was lost the destination has to do',
      'A code that is sent again keeps its reference, and the newest is approved under it',
    ],
  },
  {
    Made: broken.TakesSilenceForWrong,
    breaks: [
      'A guess whose answer is lost is neither right nor wrong: it is answered as unknown, and is never thrown',
      'A guess that is not answered is given up in time, as unknown',
    ],
  },
  {
    Made: broken.TakesSilenceForRefused,
    breaks: [
      'A message whose answer is lost may have left: it is answered as unknown, is never thrown, and is not repeated',
      'A message that is not answered is given up in time: it is answered as unknown, and is not repeated',
      'I5: a message of which nothing is known counts: no second one leaves before its wait is over',
    ],
  },
  { Made: broken.SaysItIsNotAlone, breaks: ['It keeps apart what its `isolation` says'] },
  {
    Made: broken.ApprovesAnything,
    breaks: [
      'A wrong code is wrong, and the right one is approved after it',
      'The code of one destination approves nothing for another',
      'A code that is sent is approved, once',
      'I3: of a thousand wrong guesses at the same time none is approved, and the sixth is not judged',
      'I2: what is canceled stays canceled, and its code approves nothing that is begun after it',
    ],
  },
  {
    Made: broken.SaysEndedForWrong,
    breaks: [
      'A wrong code is wrong, and the right one is approved after it',
      'A code that is sent is approved, once',
      'I3: of a thousand wrong guesses at the same time none is approved, and the sixth is not judged',
      'I2: what is canceled stays canceled, and its code approves nothing that is begun after it',
    ],
  },
  { Made: broken.EndsEverything, breaks: ['A cancel ends nothing but what it names'] },
  {
    Made: broken.CannotCancel,
    breaks: [
      'After a cancel nothing is approved, by reference or by destination, and the next message begins anew',
      'I2: what is canceled stays canceled, and its code approves nothing that is begun after it',
    ],
  },
];

/** Each broken provider that carries codes. */
const CARRIERS: readonly { readonly Made: MakeCarrier; readonly breaks: readonly string[] }[] = [
  {
    Made: broken.AddsACheckDigit,
    breaks: [
      'The code that a person gets is the one that counts: digits, as many as it says, and where codes are carried the very one that was given',
      'A code that is sent is approved, once',
      'I1: of a hundred right guesses at the same time exactly one is approved',
      'A resend goes on with the same verification: the newest code is approved under the id that was given first',
      'I2: what is canceled stays canceled, and its code approves nothing that is begun after it',
      'I2: a code is worthless for another requester and another purpose of its destination',
    ],
  },
  {
    Made: broken.SendsACopy,
    breaks: [
      'One call sends one message, to the destination it is for and to no other, on every channel',
      'Of messages at the same time to as many destinations each arrives once',
    ],
  },
  {
    Made: broken.HasANameForPeople,
    breaks: [
      'A provider says what it is: a short name, the channels it reaches and, where it judges, how long its codes are and what it keeps apart',
    ],
  },
  { Made: broken.TakesAnyOption, breaks: ['Options that it does not know are refused by name, with invalid_request and without their value'] },
];

/** The suite on a plain judge, or on one that is broken. */
function reportOnJudge(make: () => PlainJudge): Promise<SuiteReport> {
  const open: OpenProvider = () => {
    const provider = make();
    const failBy = (failure: PlainJudge['failure']) => {
      provider.failure = failure;
    };
    return {
      provider,
      codesSentTo: (to) => provider.messages.filter((message) => message.to === to).map(({ code }) => code),
      fail: {
        refuse: () => failBy('refuse'),
        cut: () => failBy('cut'),
        hang() {
          failBy('hang');
          return () => provider.giveUp();
        },
      },
    };
  };
  return runSuite((runner) => providerSuite(runner, open));
}

function openCarrier(Made: MakeCarrier): OpenProvider {
  return () => {
    const provider = new Made();
    return { provider, codesSentTo: (to) => provider.messages.filter((message) => message.to === to).map(({ code }) => code) };
  };
}

function reportOnCarrier(Made: MakeCarrier): Promise<SuiteReport> {
  return runSuite((runner) => providerSuite(runner, openCarrier(Made), { judges: false, refuse: false, cut: false, hang: false }));
}

const titlesOf = ({ failed }: SuiteReport) => failed.map(({ title }) => title);

/** What has been seen to break. */
const seen = new Set<string>();

describe('the provider suite', () => {
  // One of the broken ones logs, as it is there for.
  beforeEach(() => void vi.spyOn(console, 'debug').mockImplementation(() => {}));
  afterEach(() => void vi.restoreAllMocks());

  it.each(['destination', 'verification'] as const)('passes on a plain judge that keeps apart each %s', async (isolation) => {
    const { failed, leftOut } = await reportOnJudge(() => new PlainJudge({ isolation }));
    expect({ failed, leftOut }).toEqual({ failed: [], leftOut: [] });
  });

  it.each(JUDGES)('catches a judge that $Made.name', async ({ Made, breaks }) => {
    const titles = titlesOf(await reportOnJudge(() => new Made()));
    for (const title of titles) seen.add(title);
    expect(titles).toEqual(breaks);
  });

  it('passes on a plain carrier, and says what it was not held to', async () => {
    const { passed, failed, leftOut } = await reportOnCarrier(broken.PlainCarrier);
    expect({ failed, leftOut: leftOut.length }).toEqual({ failed: [], leftOut: 7 });
    expect(
      leftOut.every(
        (title) => title.startsWith('NOT HELD TO (refuse: false') || title.startsWith('NOT HELD TO (cut') || title.startsWith('NOT HELD TO (hang'),
      ),
    ).toBe(true);
    expect(passed).not.toContain('A right code is approved, and only once');
  });

  it.each(CARRIERS)('catches a carrier that $Made.name', async ({ Made, breaks }) => {
    const titles = titlesOf(await reportOnCarrier(Made));
    for (const title of titles) seen.add(title);
    expect(titles).toEqual(breaks);
  });

  it('has seen every one of its promises broken', async () => {
    const { passed } = await reportOnJudge(() => new PlainJudge());
    expect(passed.filter((title) => !seen.has(title))).toEqual([]);
  });

  it('is told what kind of provider it is held against, and what its author can bring about', async () => {
    const judging = await runSuite((runner) => providerSuite(runner, openCarrier(broken.PlainCarrier)));
    expect(judging.passed).toEqual([]);
    expect(judging.failed[0]?.message).toContain('say `judges: false`');
    const able = await runSuite((runner) => providerSuite(runner, openCarrier(broken.PlainCarrier), { judges: false }));
    expect(able.failed.map(({ message }) => message.split('\n')[0])).toContain('there is no `fail.cut`: give one, or say `cut: false`');
  });
});
