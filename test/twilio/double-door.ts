import { CHANNELS } from '../../src/core/destination.ts';
import { createKeyRing } from '../../src/core/keys.ts';
import { createAttempts } from '../../src/engine/attempts.ts';
import { DEFAULT_LIMITS, MAX_BUDGET } from '../../src/engine/limits.ts';
import { createRateLimiter } from '../../src/engine/rate-limiter.ts';
import type { RateLimit } from '../../src/engine/rate-rule.ts';
import { createSendRates } from '../../src/engine/send-rates.ts';
import type { DeploymentLimits } from '../../src/engine/service-settings.ts';
import { createTenants } from '../../src/engine/tenants.ts';
import type { VerificationView } from '../../src/engine/verification-view.ts';
import { createVerifiers } from '../../src/engine/verifiers.ts';
import type { TwilioParts } from '../../src/http/twilio/twilio-parts.ts';
import type { Provider } from '../../src/providers/provider.ts';
import { createSelfIssuedProvider } from '../../src/providers/self-issued.ts';
import { createMemoryStore } from '../../src/stores/memory.ts';
import { createRecordingSender, type RecordingSender } from '../../src/testing/recording-sender.ts';

const SECRET = 'a secret of at least 32 bytes, for a double';

/** Twilio has no budget over all verifications of a number, and the engine in front of a double has its own: those behind the door are as wide as may be. */
const LIMITS = {
  ...DEFAULT_LIMITS,
  ...{ sendsPerHour: MAX_BUDGET, sendsPerDay: MAX_BUDGET, knownSendsPerDay: MAX_BUDGET, wrongPerHour: MAX_BUDGET, wrongPerDay: MAX_BUDGET },
};

const DEPLOYMENT: DeploymentLimits = { limits: LIMITS, allowedCountries: null, channels: CHANNELS };

/** More than any test asks for. */
const ROOMY: RateLimit = { perMinute: 60_000, burst: 10_000 };

/** Between two messages to one number, behind the door. Twilio has none. */
const SPACING = 10_000;

/** What a door is opened with. */
export interface DoorOptions {
  readonly clock: { now(): number };
  readonly codeLength: number;
  /** Unique names. */
  readonly rateLimits: readonly string[];
  /** Where it is served, once it is. */
  readonly publicUrl: () => string;
}

/** A deployment with one service for Twilio's clients, and one key for it. */
export interface Door {
  readonly parts: TwilioParts;
  readonly accountSid: string;
  readonly authToken: string;
  readonly serviceSid: string;
  readonly sender: RecordingSender;
  /** As it is by now. */
  view(sid: string): Promise<VerificationView | undefined>;
  /** Has the door's clock go on, where it has to, until its spacing lets a number have another message: so far it is stricter than Twilio. */
  passSpacing(to: string): void;
  /** That a number has had one. */
  noteSend(to: string): void;
}

/** Opens this package's own Twilio-compatible door on a store in memory. */
export async function openDoor({ clock, codeLength, rateLimits, publicUrl }: DoorOptions): Promise<Door> {
  let ahead = 0;
  const now = () => clock.now() + ahead;
  const lastSends = new Map<string, number>();
  const keys = createKeyRing({ secret: SECRET });
  const store = createMemoryStore({ clock: { now } });
  const sender = createRecordingSender();
  const tenants = createTenants({ store, keys, deployment: DEPLOYMENT, monotonic: now });
  const verifiers = createVerifiers({
    ...{ store, keys: { secret: SECRET }, deployment: DEPLOYMENT, now },
    createProvider: () => createPolyglot(sender),
  });
  const sendRates = createSendRates({ store, keys, monotonic: now });
  const service = await tenants.createService({ name: 'Countersign test', compatibility: 'twilio', codeLength });
  for (const uniqueName of rateLimits) await sendRates.create(service.id, { uniqueName, description: undefined });
  const { key, secret } = await tenants.createKey({ name: 'double', service: service.id, scopes: ['start', 'check', 'read'] });
  const accountSid = key.id.replace(/^SK/, 'AC');
  return {
    parts: {
      ...{ tenants, sendRates, accountSid, now, trustedHops: 0, rates: { key: ROOMY, address: ROOMY } },
      limiter: createRateLimiter({ store, keys, monotonic: now }),
      verifierFor: verifiers.of,
      attempts: createAttempts({ store, keys }),
      get publicUrl() {
        return publicUrl();
      },
    },
    ...{ accountSid, authToken: secret.reveal(), serviceSid: service.id, sender },
    view: (sid) => verifiers.of(service).view({ id: sid }),
    passSpacing(to) {
      ahead += Math.max(0, (lastSends.get(to) ?? 0) + SPACING - now());
    },
    noteSend: (to) => void lastSends.set(to, now()),
  };
}

/** Twilio speaks more languages than there are texts for here: whichever is asked for, the message leaves. */
function createPolyglot(sender: RecordingSender): Provider {
  const provider = createSelfIssuedProvider({ senders: [sender] });
  return { ...provider, findLanguage: (locale) => locale, send: ({ language: _, ...request }) => provider.send(request) };
}
