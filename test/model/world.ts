import { CHANNELS, type Channel } from '../../src/core/destination.ts';
import type { Limits } from '../../src/engine/limits.ts';
import { createVerifier, type Verifier } from '../../src/engine/verifier.ts';
import type { Provider, ProviderSendRequest, ProviderSendResult } from '../../src/providers/provider.ts';
import { createSelfIssuedProvider } from '../../src/providers/self-issued.ts';
import type { Store } from '../../src/stores/store.ts';
import type { FakeClock } from '../../src/testing/fake-clock.ts';
import { createRecordingSender, type RecordingSender, type SendOutcome as Step } from '../../src/testing/recording-sender.ts';
import type { SendOutcome } from './commands.ts';
import type { Owner, Place } from './model-record.ts';

/** Who and what there is in every history. */

export const SERVICES = ['shop', 'bank'] as const;
export const PURPOSES = ['login', 'signup'] as const;
export const REQUESTERS = [undefined, 'alice', 'bob', 'carol'] as const;

/** Two of the numbers reach one handset: Argentina's mobiles with and without their 9. */
export const PLACES: readonly [Place, ...Place[]] = [
  { to: '+14155552671', masked: '+1********71', record: 'us', kind: 'phone' },
  { to: '+5491123456789', masked: '+54*********89', record: 'ar', kind: 'phone' },
  { to: '+541123456789', masked: '+54********89', record: 'ar', kind: 'phone' },
  { to: 'anna@example.com', masked: 'a***@example.com', record: 'mail', kind: 'email' },
];

/** Whose ladder and budgets: a requester within its service, or everyone. */
export function whoIs({ service, requester }: Owner): string {
  return requester === undefined ? '' : `${service}/${requester}`;
}

/** The verifier of one service, with those keys. */
export function openVerifier(store: Store, provider: Provider, service: string, keys: readonly string[], limits: Limits): Verifier {
  const secrets = keys.map((id) => ({ id, secret: `${id} and thirty-two bytes more or less` }));
  return createVerifier({ store, provider, service, limits, keys: secrets, indexSecret: 'the index secret, which never rotates' });
}

const STEPS = { sent: 'sent', refused: 'refused', rejected: 'refused_permanently', unknown: 'unknown', throws: 'throw' } as const satisfies Partial<
  Record<SendOutcome, Step>
>;

/** One message that was handed over. */
export interface Handed {
  readonly id: string;
  readonly deliveryId: string;
  readonly to: string;
  readonly code: string;
}

/** The self-issued provider with a sender that does as it is told, and takes its time by the fake clock. */
export class ScriptedProvider implements Provider {
  readonly name = 'scripted';
  readonly channels: readonly Channel[] = CHANNELS;
  readonly handed: Handed[] = [];
  readonly #clock: FakeClock;
  readonly #sender: RecordingSender = createRecordingSender();
  readonly #inner: Provider = createSelfIssuedProvider({ senders: [this.#sender] });
  #outcome: SendOutcome = 'sent';
  #takes = 0;
  #whenHung: () => void = () => {};

  constructor(clock: FakeClock) {
    this.#clock = clock;
  }

  /** Says what becomes of the messages to come. Resolves when one of them has hung for ever. */
  plan(outcome: SendOutcome, takes: number): Promise<void> {
    [this.#outcome, this.#takes] = [outcome, takes];
    return new Promise((resolve) => {
      this.#whenHung = resolve;
    });
  }

  async send(request: ProviderSendRequest): Promise<ProviderSendResult> {
    const { verificationId: id, deliveryId, to, code } = request;
    this.handed.push({ id, deliveryId, to: to.reveal(), code: code.reveal() });
    if (this.#outcome === 'crash') {
      this.#whenHung();
      return new Promise(() => {});
    }
    this.#clock.advance(this.#takes);
    this.#sender.next(STEPS[this.#outcome]);
    return this.#inner.send(request);
  }
}
