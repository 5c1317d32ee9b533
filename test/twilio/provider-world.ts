import { parseDestination } from '../../src/core/destination.ts';
import { Secret } from '../../src/core/secret.ts';
import { viewRecord } from '../../src/engine/decide-record.ts';
import { DEFAULT_LIMITS, type Limits } from '../../src/engine/limits.ts';
import type { DestinationRecord } from '../../src/engine/record.ts';
import { createVerifier, type Verifier } from '../../src/engine/verifier.ts';
import type {
  JudgingProvider,
  ProviderCancelResult,
  ProviderCheckRequest,
  ProviderCheckResult,
  ProviderReceipt,
  ProviderSendResult,
} from '../../src/providers/provider.ts';
import { createTwilioVerifyProvider, type TwilioCredentials, type TwilioVerifySettings } from '../../src/providers/twilio-verify.ts';
import { createMemoryStore } from '../../src/stores/memory.ts';
import type { Store } from '../../src/stores/store.ts';
import { createFakeClock, type FakeClock } from '../../src/testing/fake-clock.ts';
import { createTwilioDouble, type TwilioDouble, type TwilioDoubleOptions } from './double.ts';

/** Whom everything is sent to. */
export const TO = '+14155552671';

const VERIFICATION_ID = `VE${'a'.repeat(32)}`;

/** What a world is made with. */
export interface TwilioWorldOptions {
  readonly double?: TwilioDoubleOptions;
  readonly provider?: Partial<TwilioVerifySettings & TwilioCredentials>;
  readonly limits?: Partial<Limits>;
}

/** The provider on the official SDK, pointed at a double; and a verifier over it, on a store in memory. All go by one clock. */
export class TwilioWorld {
  readonly clock: FakeClock;
  readonly double: TwilioDouble;
  readonly provider: JudgingProvider;
  readonly store: Store;
  readonly verifier: Verifier;
  /** What the verifier said happened. */
  readonly heard: { readonly name: string; readonly event: unknown }[] = [];
  readonly #limits: Limits;

  private constructor(clock: FakeClock, double: TwilioDouble, { provider, limits }: TwilioWorldOptions) {
    this.clock = clock;
    this.double = double;
    this.provider = createTwilioVerifyProvider({ ...credentialsOf(double), ...provider });
    this.store = createMemoryStore({ clock });
    this.#limits = { ...DEFAULT_LIMITS, ...limits };
    const secret = 'a secret of at least 32 random bytes';
    this.verifier = createVerifier({ secret, store: this.store, provider: this.provider, ...(limits && { limits }) });
    for (const name of ['started', 'delivered', 'refused', 'checked', 'approved', 'canceled', 'expired'] as const) {
      this.verifier.on(name, (event) => this.heard.push({ name, event }));
    }
  }

  static async open(options: TwilioWorldOptions = {}): Promise<TwilioWorld> {
    const clock = createFakeClock();
    return new TwilioWorld(clock, await createTwilioDouble({ clock, ...options.double }), options);
  }

  /** The one destination's record, as it is now. */
  async record(): Promise<DestinationRecord> {
    const [row] = await this.store.list('destination', '', undefined, 1);
    return viewRecord({ body: row?.body, now: this.clock.now() }, this.#limits);
  }

  /** Asks the provider to send, with no verifier above it. */
  send(options?: Record<string, unknown>, to: string = TO, channel: 'sms' | 'call' | 'whatsapp' | 'email' = 'sms'): Promise<ProviderSendResult> {
    const request = { to: parseDestination(to), channel, verificationId: VERIFICATION_ID, deliveryId: `VL${'b'.repeat(32)}` };
    return this.provider.send({ ...request, ...(options && { options }) });
  }

  /** Asks the provider about a guess. */
  ask(code: string, reference?: string, to: string = TO): Promise<ProviderCheckResult> {
    const request: ProviderCheckRequest = { ...receipt(to, reference), code: new Secret(code) };
    return this.provider.check(request);
  }

  /** Has the provider end a verification. */
  end(reference?: string, to: string = TO): Promise<ProviderCancelResult> {
    return this.provider.cancel(receipt(to, reference));
  }

  /** Of the right length, and wrong. */
  wrong(to: string = TO): string {
    return this.double.codeFor(to).replace(/.$/, (digit) => `${(Number(digit) + 1) % 10}`);
  }
}

/** How a provider is told where its double is. */
export function credentialsOf({ accountSid, authToken, serviceSid, baseUrl }: TwilioDouble): TwilioCredentials & TwilioVerifySettings {
  return { accountSid, authToken, serviceSid, baseUrl };
}

function receipt(to: string, reference: string | undefined): ProviderReceipt {
  return { to: parseDestination(to), verificationId: VERIFICATION_ID, reference };
}
