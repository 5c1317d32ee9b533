import { CHANNELS, type Channel, parseDestination } from '../core/destination.ts';
import type { Message, Sender, SendResult } from '../senders/sender.ts';

/**
 * What a scripted send comes to. `throw` rejects with an error that repeats the number and the text, as those of SDKs do, so that a test sees
 * where they end up; `hang` never settles and does not mind being aborted.
 */
export type SendOutcome = 'sent' | 'refused' | 'refused_permanently' | 'unknown' | 'throw' | 'hang';

/** An outcome, or a gate: a promise that a test settles when the message shall have got through. */
export type SendStep = SendOutcome | PromiseLike<SendOutcome>;

/** The same step for every send, or one chosen for each; `call` counts from 1. */
export type SendBehaviour = SendStep | ((message: Message, call: number) => SendStep);

/** What a recording sender passes for. */
export interface RecordingSenderOptions {
  /** @defaultValue `'recording'` */
  readonly name?: string;
  /** @defaultValue all of them */
  readonly channels?: readonly Channel[];
}

/** A sender that keeps every message and does what a test tells it: {@link createRecordingSender}. */
export interface RecordingSender extends Sender {
  /** How often it was called, whatever became of it. */
  readonly calls: number;
  /** Every message it was handed, newest last, also those it then refused. They do not print their codes. */
  readonly messages: readonly Message[];
  /** The messages to one destination, in any spelling that parses to it. */
  messagesTo(to: string): readonly Message[];
  /** Scripts the sends to come, one step each; after them the behaviour it was made with returns. */
  next(...steps: readonly SendStep[]): void;
}

/**
 * Makes a sender for tests: it records each message when it is handed over, before anything else happens, and then does as it was told.
 *
 * @example
 * const sender = createRecordingSender('sent');
 * sender.next('refused', 'hang');
 * // … three starts
 * sender.calls;                                             // 3
 * sender.messagesTo('+14155552671').at(-1)?.code.reveal();  // '123456'
 */
export function createRecordingSender(
  behaviour: SendBehaviour = 'sent',
  { name = 'recording', channels = CHANNELS }: RecordingSenderOptions = {},
): RecordingSender {
  const recorded: Message[] = [];
  const script: SendStep[] = [];
  return Object.freeze({
    name,
    channels,
    get calls(): number {
      return recorded.length;
    },
    get messages(): readonly Message[] {
      return Object.freeze([...recorded]);
    },
    async send(message: Message): Promise<SendResult> {
      const call = recorded.push(message);
      const step = script.shift() ?? (typeof behaviour === 'function' ? behaviour(message, call) : behaviour);
      return act(await step, message);
    },
    messagesTo(to: string): readonly Message[] {
      const canonical = parseDestination(to).reveal();
      return recorded.filter((message) => message.to.reveal() === canonical);
    },
    next(...steps: readonly SendStep[]): void {
      script.push(...steps);
    },
  });
}

function act(outcome: SendOutcome, message: Message): SendResult | Promise<SendResult> {
  switch (outcome) {
    case 'sent':
      return { status: 'sent', reference: `recording:${message.deliveryId}` };
    case 'refused':
      return { status: 'refused', permanent: false };
    case 'refused_permanently':
      return { status: 'refused', permanent: true };
    case 'unknown':
      return { status: 'unknown' };
    case 'throw':
      throw new Error(`Gateway failed for ${message.to.reveal()}: ${message.text.reveal()}`);
    case 'hang':
      return new Promise(() => {});
  }
}
