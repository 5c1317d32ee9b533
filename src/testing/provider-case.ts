import { inspect } from 'node:util';
import { type Channel, type Destination, parseDestination } from '../core/destination.ts';
import { Secret } from '../core/secret.ts';
import type { Limits } from '../engine/limits.ts';
import type { Verifier } from '../engine/verifier.ts';
import type { JudgingProvider, Provider, ProviderCheckResult, ProviderSendResult } from '../providers/provider.ts';
import type { FakeClock } from './fake-clock.ts';
import { expectThat } from './store-case.ts';

/** Ways in which an author can make a provider's next request fail; each by the name of its option. */
export type ProviderFailure = 'refuse' | 'cut' | 'hang';

/** One promise of a provider's and how it is tried. */
export interface ProviderCase {
  /** Begins with the promise, in a sentence that needs no knowledge of the engine. */
  readonly title: string;
  readonly needs?: readonly ProviderFailure[];
  run(stage: ProviderStage): Promise<void>;
}

/** Cases about one thing. */
export interface ProviderCaseGroup {
  readonly title: string;
  /** Whether they are for providers that judge only. */
  readonly forJudges?: true;
  readonly cases: readonly ProviderCase[];
}

/** What a case runs on: a provider of its own, and a clock. */
export interface ProviderStage {
  readonly clock: FakeClock;
  readonly provider: Provider | JudgingProvider;
  /** The same, where it judges. */
  readonly judge: JudgingProvider;
  /** The codes of the messages that left to a destination, newest last. */
  codes(to: Destination): Promise<readonly string[]>;
  /** Makes the next request fail. What `hang` resolves to ends the wait. */
  fail(failure: ProviderFailure): Promise<() => Promise<void>>;
  /** A verifier over the provider. They share a store. */
  verifier(limits?: Partial<Limits>): Verifier;
}

/** A destination for the channel, one of several. */
export function destinationFor(channel: Channel, index: number = 0): Destination {
  return parseDestination(channel === 'email' ? `suite-${String.fromCharCode(97 + index)}@example.com` : `+1415555${2_671 + index}`);
}

/** The code that the suite gives to a provider which carries codes: other digits than any destination has. */
const CARRIED = '830946';

/** What a message is sent with. */
export interface SendGiven {
  readonly channel?: Channel;
  readonly to?: Destination;
  /** Which of the suite's verifications it is for. */
  readonly verification?: number;
  readonly code?: string;
}

/** The channel that cases use which are about none: the first there is. */
export function firstChannel({ provider }: Pick<ProviderStage, 'provider'>): Channel {
  return provider.channels[0] ?? 'sms';
}

/** Where cases send which are about no destination. */
export function anyDestination(stage: Pick<ProviderStage, 'provider'>, index: number = 0): Destination {
  return destinationFor(firstChannel(stage), index);
}

function toVerificationId(verification: number): string {
  return `VE${String(verification).padStart(32, '0')}`;
}

/** Sends one message past any verifier. */
export function send(stage: ProviderStage, given: SendGiven = {}): Promise<ProviderSendResult> {
  const { channel = firstChannel(stage), to = destinationFor(channel), verification = 1, code = CARRIED } = given;
  const request = { to, channel, verificationId: toVerificationId(verification), deliveryId: `VL${'e'.repeat(32)}` };
  return stage.provider.send({ ...request, code: new Secret(code) });
}

/** The code of the newest message to a destination; a complaint where none left. */
export async function newestCode(stage: ProviderStage, to: Destination): Promise<string> {
  const code = (await stage.codes(to)).at(-1);
  expectThat(code !== undefined, `no message has left to the destination, by what \`codesSentTo\` of your test says`);
  return code ?? '';
}

/** A message that was sent, and what a guess at its code is made with. */
export interface Sent {
  readonly to: Destination;
  readonly verificationId: string;
  readonly reference: string | undefined;
  readonly code: string;
}

/** Sends one message, where nothing stands in its way. */
export async function sendCode(stage: ProviderStage, given: SendGiven = {}): Promise<Sent> {
  const { channel = firstChannel(stage), to = destinationFor(channel), verification = 1 } = given;
  const result = await send(stage, { ...given, channel, to });
  expectThat(result?.status === 'sent', `a message was not sent though nothing stood in its way: ${describe(result)}`);
  const reference = result.status === 'sent' ? result.reference : undefined;
  return { to, verificationId: toVerificationId(verification), reference, code: await newestCode(stage, to) };
}

/** Asks about one guess. */
export function guess({ judge }: ProviderStage, { code, ...receipt }: { readonly [Name in keyof Sent]: Sent[Name] }): Promise<ProviderCheckResult> {
  return judge.check({ ...receipt, code: new Secret(code) });
}

/** A code of the same length that is not this one. */
export function notThis(code: string): string {
  return `${(Number(code[0]) + 1) % 10}${code.slice(1)}`;
}

/** A value in a complaint. Number and code are the suite's own, so it may be seen. */
export function describe(value: unknown): string {
  return value instanceof Error ? `${value.name}: ${value.message}` : inspect(value, { depth: 3, breakLength: Number.POSITIVE_INFINITY });
}
