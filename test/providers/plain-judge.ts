import { CHANNELS, type Channel } from '../../src/core/destination.ts';
import type {
  JudgingProvider,
  ProviderCancelResult,
  ProviderCheckRequest,
  ProviderCheckResult,
  ProviderReceipt,
  ProviderSendRequest,
  ProviderSendResult,
} from '../../src/providers/provider.ts';

/** A verification as a plain judge has it in mind. */
export interface Issued {
  readonly reference: string;
  readonly to: string;
  /** Of the engine's verification that it was issued for. */
  readonly verificationId: string;
  readonly code: string;
  state: 'pending' | 'approved' | 'canceled';
}

/** A message that left. */
export interface Sent {
  readonly to: string;
  readonly channel: Channel;
  readonly code: string;
  readonly reference: string;
}

type SendRequest = Omit<ProviderSendRequest, 'code'>;

/** Stands in for one answer: is given what would have been done, and may do it, before or after, or not at all. */
export type Step<Result> = (act: () => Promise<Result>) => unknown;

/** How the next request of a plain judge fails. */
export type Failure = 'refuse' | 'cut' | 'hang';

/** What a plain judge is. */
export interface PlainJudgeOptions {
  readonly name?: string;
  readonly isolation?: JudgingProvider['isolation'];
  readonly codeLength?: number;
}

/**
 * The contract of a provider that judges in the fewest lines, in one process, right in everything. A broken one is one of these with a single method
 * written as somebody once would. Its codes are 100001, 100002, …: none is issued twice.
 */
export class PlainJudge implements JudgingProvider {
  readonly name: string;
  readonly channels: readonly Channel[] = CHANNELS;
  readonly isolation: JudgingProvider['isolation'];
  readonly codeLength: number;
  readonly messages: Sent[] = [];
  readonly asked: ProviderCheckRequest[] = [];
  readonly canceled: ProviderReceipt[] = [];
  /** What the next calls come to instead, one step each. */
  readonly next: { send: Step<ProviderSendResult>[]; check: Step<ProviderCheckResult>[]; cancel: Step<ProviderCancelResult>[] } = {
    send: [],
    check: [],
    cancel: [],
  };
  /** How the next request fails, whichever it is. */
  failure: Failure | undefined;
  /** Brings the time of a request that hangs to its end. */
  giveUp: () => void = () => {};
  protected readonly issued: Issued[] = [];

  constructor({ name = 'plain', isolation = 'destination', codeLength = 6 }: PlainJudgeOptions = {}) {
    this.name = name;
    this.isolation = isolation;
    this.codeLength = codeLength;
  }

  send(request: SendRequest): Promise<ProviderSendResult> {
    return this.request(this.next.send, () => this.issue(request), { status: 'refused', permanent: false }, { status: 'unknown' });
  }

  check(request: ProviderCheckRequest): Promise<ProviderCheckResult> {
    this.asked.push(request);
    return this.request(this.next.check, () => this.judge(request), { status: 'failed' }, { status: 'unknown' });
  }

  cancel(receipt: ProviderReceipt): Promise<ProviderCancelResult> {
    this.canceled.push(receipt);
    return this.request(this.next.cancel, () => this.end(receipt), { status: 'failed' }, { status: 'failed' });
  }

  /** The newest code that was sent to a destination; none is the empty text. */
  codeSentTo(to: string): string {
    return this.messages.findLast((message) => message.to === to)?.code ?? '';
  }

  protected async issue({ to, channel, verificationId }: SendRequest): Promise<ProviderSendResult> {
    const destination = to.reveal();
    const issued = this.findLive(destination, verificationId) ?? this.begin(destination, verificationId);
    this.messages.push({ to: destination, channel, code: issued.code, reference: issued.reference });
    return { status: 'sent', sender: this.name, reference: issued.reference };
  }

  protected async judge(request: ProviderCheckRequest): Promise<ProviderCheckResult> {
    const found = this.find(request);
    if (found === undefined) return { status: 'ended', state: 'expired' };
    if (found.state !== 'pending') return { status: 'ended', state: found.state === 'canceled' ? 'canceled' : 'expired' };
    if (found.code !== request.code.reveal()) return { status: 'wrong', reference: found.reference };
    found.state = 'approved';
    return { status: 'approved', reference: found.reference };
  }

  protected async end(receipt: ProviderReceipt): Promise<ProviderCancelResult> {
    const found = this.find(receipt);
    if (found?.state !== 'pending') return { status: 'gone' };
    found.state = 'canceled';
    return { status: 'canceled' };
  }

  protected findLive(to: string, verificationId: string): Issued | undefined {
    return this.issued.findLast(
      (one) => one.to === to && one.state === 'pending' && (this.isolation === 'destination' || one.verificationId === verificationId),
    );
  }

  protected find({ to, verificationId, reference }: ProviderReceipt): Issued | undefined {
    if (reference === undefined) return this.findLive(to.reveal(), verificationId);
    return this.issued.find((one) => one.reference === reference && one.to === to.reveal());
  }

  protected begin(to: string, verificationId: string): Issued {
    const no = this.issued.length + 1;
    const issued: Issued = {
      reference: `plain-${String.fromCharCode(96 + Math.ceil(no / 26))}-${no}`,
      to,
      verificationId,
      code: String(10 ** (this.codeLength - 1) + no),
      state: 'pending',
    };
    this.issued.push(issued);
    return issued;
  }

  /** As over a wire: nobody is answered in the same turn. */
  protected async request<Result>(steps: Step<Result>[], act: () => Promise<Result>, refused: Result, lost: Result): Promise<Result> {
    const [step, failure] = [steps.shift(), this.failure];
    this.failure = undefined;
    const isOver = new Promise<void>((resolve) => {
      this.giveUp = resolve;
    });
    await new Promise((resolve) => setImmediate(resolve));
    if (step !== undefined) return (await step(act)) as Result;
    if (failure === 'refuse') return this.refuse(refused);
    if (failure === undefined) return act();
    await act();
    if (failure === 'hang') await isOver;
    return this.lose(act, lost);
  }

  protected async refuse<Result>(refused: Result): Promise<Result> {
    return refused;
  }

  protected async lose<Result>(_act: () => Promise<Result>, lost: Result): Promise<Result> {
    return lost;
  }
}
