import type {
  Provider,
  ProviderCancelResult,
  ProviderCheckRequest,
  ProviderCheckResult,
  ProviderReceipt,
  ProviderSendRequest,
  ProviderSendResult,
} from '../../src/providers/provider.ts';
import { type Issued, PlainJudge } from './plain-judge.ts';

type SendRequest = Omit<ProviderSendRequest, 'code'>;

/** Approves a code, and leaves it as it was. */
export class ApprovesTwice extends PlainJudge {
  protected override async judge(request: ProviderCheckRequest): Promise<ProviderCheckResult> {
    const found = this.find(request);
    const result = await super.judge(request);
    if (found !== undefined && result.status === 'approved') found.state = 'pending';
    return result;
  }
}

/** Looks whether a code was used before it waits for its database, and not after. */
export class LooksTooEarly extends PlainJudge {
  protected override async judge(request: ProviderCheckRequest): Promise<ProviderCheckResult> {
    const found = this.find(request);
    const isRight = found?.state === 'pending' && found.code === request.code.reveal();
    await new Promise((resolve) => setImmediate(resolve));
    if (!isRight) return super.judge(request);
    found.state = 'approved';
    return { status: 'approved', reference: found.reference };
  }
}

/** Goes by the destination, whatever reference it is given. */
export class IgnoresReference extends PlainJudge {
  protected override find({ to, verificationId }: ProviderReceipt): Issued | undefined {
    return this.findLive(to.reveal(), verificationId);
  }
}

/** Goes by the code: whoever has one proves whatever is asked. */
export class GoesByTheCode extends PlainJudge {
  protected override async judge({ code }: ProviderCheckRequest): Promise<ProviderCheckResult> {
    const found = this.issued.find((one) => one.code === code.reveal() && one.state === 'pending');
    if (found === undefined) return { status: 'wrong' };
    found.state = 'approved';
    return { status: 'approved', reference: found.reference };
  }
}

/** Knows nothing but references. */
export class NeedsReference extends PlainJudge {
  protected override find(receipt: ProviderReceipt): Issued | undefined {
    return receipt.reference === undefined ? undefined : super.find(receipt);
  }
}

/** Makes exceptions of refusals, as its SDK does. */
export class ThrowsOnRefusal extends PlainJudge {
  protected override async refuse<Result>(): Promise<Result> {
    throw new Error('429 Too Many Requests');
  }
}

/** Passes on what its SDK says of a failure. */
export class RepeatsTheNumber extends PlainJudge {
  protected override async judge(request: ProviderCheckRequest): Promise<ProviderCheckResult> {
    const result = await super.judge(request);
    if (result.status !== 'wrong') return result;
    return { ...result, reference: `${result.reference}?to=${request.to.reveal()}` };
  }
}

/** Leaves a line for debugging. */
export class LogsTheCode extends PlainJudge {
  protected override async issue(request: SendRequest): Promise<ProviderSendResult> {
    const result = await super.issue(request);
    console.debug('sent', this.codeSentTo(request.to.reveal()));
    return result;
  }
}

/** Sends again where it has not heard of the first, to be on the safe side. */
export class SendsTwice extends PlainJudge {
  protected override async lose<Result>(act: () => Promise<Result>): Promise<Result> {
    return act();
  }
}

/** Sends by SMS as well, whatever the channel. */
export class SendsBothWays extends PlainJudge {
  protected override async issue(request: SendRequest): Promise<ProviderSendResult> {
    await super.issue({ ...request, channel: 'sms' });
    return super.issue(request);
  }
}

/** Answers in words of its own. */
export class AnswersUnknownShapes extends PlainJudge {
  protected override async judge(request: ProviderCheckRequest): Promise<ProviderCheckResult> {
    return Object.assign({ raw: { status: 200 } }, await super.judge(request));
  }

  protected override async issue(request: SendRequest): Promise<ProviderSendResult> {
    return Object.assign({ cost: 0.05 }, await super.issue(request));
  }

  protected override async end(receipt: ProviderReceipt): Promise<ProviderCancelResult> {
    return Object.assign({ at: 0 }, await super.end(receipt));
  }
}

/** Says that it has canceled. */
export class CancelsNothing extends PlainJudge {
  protected override async end(receipt: ProviderReceipt): Promise<ProviderCancelResult> {
    return { status: this.find(receipt) === undefined ? 'gone' : 'canceled' };
  }
}

/** Makes a new verification of each message. */
export class ForgetsWhatIsPending extends PlainJudge {
  protected override findLive(): undefined {
    return undefined;
  }
}

/** Takes a lost answer for a no. */
export class TakesSilenceForWrong extends PlainJudge {
  override async check(request: ProviderCheckRequest): Promise<ProviderCheckResult> {
    const result = await super.check(request);
    return result.status === 'unknown' ? { status: 'wrong' } : result;
  }
}

/** Takes a lost answer for a message that did not leave. */
export class TakesSilenceForRefused extends PlainJudge {
  override async send(request: SendRequest): Promise<ProviderSendResult> {
    const result = await super.send(request);
    return result.status === 'unknown' ? { status: 'refused', permanent: false } : result;
  }
}

/** Says that it keeps verifications apart, and keeps destinations. */
export class SaysItIsNotAlone extends PlainJudge {
  override readonly isolation = 'verification';

  protected override findLive(to: string): Issued | undefined {
    return this.issued.findLast((one) => one.to === to && one.state === 'pending');
  }
}

/** Approves what it is asked about, as a double of its maker's does. */
export class ApprovesAnything extends PlainJudge {
  protected override async judge(request: ProviderCheckRequest): Promise<ProviderCheckResult> {
    const found = this.find(request);
    if (found?.state !== 'pending') return super.judge(request);
    found.state = 'approved';
    return { status: 'approved', reference: found.reference };
  }
}

/** Has one word for every no. */
export class SaysEndedForWrong extends PlainJudge {
  protected override async judge(request: ProviderCheckRequest): Promise<ProviderCheckResult> {
    const result = await super.judge(request);
    return result.status === 'wrong' ? { status: 'ended', state: 'expired' } : result;
  }
}

/** Ends whatever is pending. */
export class EndsEverything extends PlainJudge {
  protected override async end(receipt: ProviderReceipt): Promise<ProviderCancelResult> {
    const result = await super.end(receipt);
    for (const issued of this.issued) if (issued.state === 'pending') issued.state = 'canceled';
    return result;
  }
}

/** Has no way to end anything, and says so. */
export class CannotCancel extends PlainJudge {
  protected override async end(): Promise<ProviderCancelResult> {
    return { status: 'failed' };
  }
}

/** A provider that carries codes, right in everything but for what is done to its message. */
export class PlainCarrier implements Provider {
  readonly name: string = 'carrier';
  readonly channels = ['sms', 'email'] as const;
  readonly messages: { readonly to: string; readonly code: string }[] = [];

  async send({ to, code }: ProviderSendRequest): Promise<ProviderSendResult> {
    this.carry(to.reveal(), code.reveal());
    return { status: 'sent', sender: this.name };
  }

  protected carry(to: string, code: string): void {
    this.messages.push({ to, code });
  }
}

/** Adds a digit against mistyping. */
export class AddsACheckDigit extends PlainCarrier {
  protected override carry(to: string, code: string): void {
    super.carry(to, `${code}7`);
  }
}

/** Keeps an eye on things. */
export class SendsACopy extends PlainCarrier {
  protected override carry(to: string, code: string): void {
    super.carry(to, code);
    super.carry('+14155552672', code);
  }
}

/** Has a name for people. */
export class HasANameForPeople extends PlainCarrier {
  override readonly name = 'Our new carrier';
}

/** Takes any option, so that none is in the way. */
export class TakesAnyOption extends PlainCarrier {
  parseOptions(options: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
    return options;
  }
}
