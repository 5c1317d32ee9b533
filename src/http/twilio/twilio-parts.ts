import type { Attempts } from '../../engine/attempts.ts';
import type { SendRates } from '../../engine/send-rates.ts';
import type { RestParts } from '../rest-parts.ts';

/** What the Twilio-compatible interface is made of: what the REST one is, and the account that everything here belongs to. */
export interface TwilioParts
  extends Pick<RestParts, 'tenants' | 'limiter' | 'verifierFor' | 'publicUrl' | 'trustedHops' | 'rates' | 'now' | 'observe'> {
  /** `AC` + 32 lower-case hex, one for the deployment. */
  readonly accountSid: string;
  readonly sendRates: SendRates;
  readonly attempts: Attempts;
}
