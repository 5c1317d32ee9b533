import Type, { type Static, type TSchema } from 'typebox';
import { DEFAULT_LIMITS, type Limits } from '../engine/limits.ts';
import { LOG_LEVELS, PROVIDER_CHOICES, type Settings } from './settings.ts';

/** How a list is written in a variable: texts between commas, or secrets between commas. */
export type ListForm = 'texts' | 'secrets';

/** What a schema says beside JSON Schema: how a setting is called in the environment, and what its reference page is to say. */
export interface SettingNotes {
  readonly description?: string;
  /** The variable, where it is not `COUNTERSIGN_` and the path in capitals; null for one that only the file can hold. */
  readonly variable?: string | null;
  readonly list?: ListForm;
  /** What is wrong with a value that does not fit `pattern`. */
  readonly problem?: string;
  /** What the page says in place of a default. */
  readonly otherwise?: string;
}

/** Limits that are durations; in settings they are whole seconds, and their names say so. */
const DURATION_LIMITS: ReadonlySet<keyof Limits> = new Set([
  ...(['life', 'emailLife', 'renewBefore', 'retention', 'ladder', 'sharedRung', 'sendSpacing'] as const),
  ...(['knownFor', 'sendingFor', 'replayFor'] as const),
]);

/** What one limit is called in the settings. */
export function toLimitSetting(name: keyof Limits): string {
  return DURATION_LIMITS.has(name) ? `${name}Seconds` : name;
}

/** The limits by their names in the settings. */
export const LIMIT_SETTINGS: ReadonlyMap<string, { readonly limit: keyof Limits; readonly isDuration: boolean }> = new Map(
  (Object.keys(DEFAULT_LIMITS) as (keyof Limits)[]).map((limit) => [toLimitSetting(limit), { limit, isDuration: DURATION_LIMITS.has(limit) }]),
);

const text = (notes: SettingNotes & { readonly default?: string; readonly pattern?: string } = {}) => Type.String({ minLength: 1, ...notes });
const port = (value: number, notes: SettingNotes) => Type.Integer({ minimum: 0, maximum: 65_535, default: value, ...notes });
/** Bounds as the rate limiter has them. */
const perMinute = (value: number, description: string) => Type.Integer({ minimum: 1, maximum: 600_000, default: value, description });
const burst = (value: number, description: string) => Type.Integer({ minimum: 1, maximum: 100_000, default: value, description });
const texts = (notes: SettingNotes) => Type.Array(text(), { minItems: 1, uniqueItems: true, list: 'texts', ...notes });
const strict = { additionalProperties: false } as const;
const origin = (notes: SettingNotes) =>
  text({ pattern: '^https?://[^/?#@\\s]+$', problem: 'must be an http or https address without a path', ...notes });

const httpGateway = Type.Record(Type.String(), Type.Unknown());

/** One schema for the environment, the file and the page. Every setting may be left out. */
const SCHEMA = Type.Object(
  {
    database: text({
      default: 'countersign.db',
      description:
        'Where records are kept: `postgres://`, `mysql://`, `redis://` or `rediss://` and an address, or else the path of a SQLite file. Behind the address of Redis may stand what its store is to do: [`?prefix=…`](redis.md#on-the-command-line-and-for-the-service). An address holds a password: give it by the variable.',
    }),
    secret: text({
      otherwise: 'none: `serve` does not start without one',
      description: 'Where every key comes from: at least 32 random bytes, as of `openssl rand -base64 48`. Either this or `keys`.',
    }),
    keys: Type.Array(Type.Object({ id: Type.Optional(text()), secret: text() }, strict), {
      minItems: 1,
      list: 'secrets',
      description:
        'In the place of `secret`, to [rotate](keys.md): the first issues, all are accepted. In the file each is `{ "id"?, "secret" }`; in the variable they are secrets alone, with commas between.',
    }),
    indexSecret: text({
      otherwise: 'from the last of `keys`',
      description: 'What limits are found by. It never rotates: with another one every limit would begin anew, and the store refuses it.',
    }),
    host: text({ default: '127.0.0.1', description: 'The address to listen on. `0.0.0.0` for all of IPv4, `::` for all.' }),
    port: port(8080, { description: 'The port to listen on; 0 for any that is free.' }),
    publicUrl: origin({
      otherwise: 'the address it listens on',
      description: 'Where clients reach the service: the `iss` of every proof. Without a path.',
    }),
    metrics: Type.Object(
      {
        host: text({ default: '127.0.0.1', description: 'The address that `/metrics` is served on, apart from the service itself.' }),
        port: port(9464, { description: 'Its port; 0 for any that is free.' }),
      },
      { ...strict, default: {} },
    ),
    trustedHops: Type.Integer({
      minimum: 0,
      maximum: 10,
      default: 0,
      description: 'How many proxies stand in front: so many entries of `X-Forwarded-For` are believed, from the right.',
    }),
    trustedProxies: texts({
      otherwise: 'this machine: `127.0.0.0/8`, `::1`',
      description: 'The addresses or ranges that those proxies connect from. What anybody else says in `X-Forwarded-For` is not believed.',
    }),
    allowedCountries: Type.Array(text({ pattern: '^[A-Z]{2}$' }), {
      minItems: 1,
      problem: 'must be codes of two capitals',
      uniqueItems: true,
      list: 'texts',
      otherwise: 'none: `serve` does not start without it, unless email is all there is',
      description: 'The countries whose numbers may be written to, by ISO 3166-1 alpha-2 code. A service may allow fewer.',
    }),
    provider: Type.Enum(PROVIDER_CHOICES, {
      default: 'self_issued',
      description: 'Who issues and judges codes: this service, or [Twilio Verify](twilio-verify.md).',
    }),
    senders: Type.Array(text(), {
      minItems: 1,
      uniqueItems: true,
      list: 'texts',
      otherwise: 'all that are set: gateways in their order, `twilio_messaging`, `vonage`, `smtp`; `console` where none is',
      description:
        'The ways out by name, in the order in which they are tried on a channel; the next only where the one before surely refused. `console` prints, `outbox` keeps: neither reaches anybody.',
    }),
    smtp: Type.Object(
      {
        url: text({
          description: '`smtps://user:password@host:465`, or `smtp://…:587`, which begins TLS by STARTTLS; user and password percent-encoded.',
        }),
        from: text({ description: 'Who mail comes from: an address, or `Name <address>`.' }),
        allowUnencrypted: Type.Boolean({
          default: false,
          description: 'Whether to go on where `smtp://` finds no TLS: codes can then be read on the way.',
        }),
      },
      { ...strict, default: {} },
    ),
    twilio: Type.Object(
      {
        accountSid: text({ variable: 'TWILIO_ACCOUNT_SID', description: '`AC` + 32 hex.' }),
        authToken: text({ variable: 'TWILIO_AUTH_TOKEN', description: 'The token of the account.' }),
        serviceSid: text({ variable: 'TWILIO_SERVICE_SID', description: 'For the provider `twilio_verify`: the Verify service, `VA` + 32 hex.' }),
        codeLength: Type.Integer({
          minimum: 4,
          maximum: 10,
          default: 6,
          variable: 'TWILIO_CODE_LENGTH',
          description: 'Digits of the codes of that service.',
        }),
        baseUrl: origin({ variable: 'TWILIO_BASE_URL', otherwise: 'Twilio', description: 'Where Verify is.' }),
        messagingFrom: text({
          variable: 'TWILIO_MESSAGING_FROM',
          description: 'For the sender `twilio_messaging`: the number, short code or sender id that an SMS comes from.',
        }),
        messagingServiceSid: text({
          variable: 'TWILIO_MESSAGING_SERVICE_SID',
          description: 'In the place of `messagingFrom`: a Messaging service, `MG` + 32 hex.',
        }),
        messagingBaseUrl: origin({ variable: 'TWILIO_MESSAGING_BASE_URL', otherwise: 'Twilio', description: 'Where Messaging is.' }),
      },
      { ...strict, default: {} },
    ),
    vonage: Type.Object(
      {
        apiKey: text({ description: 'The key of the account.' }),
        apiSecret: text({ description: 'Its secret.' }),
        from: text({ description: 'The number or name that an SMS comes from.' }),
        baseUrl: origin({ otherwise: 'Vonage', description: 'Where its SMS API is.' }),
      },
      { ...strict, default: {} },
    ),
    httpGateways: Type.Array(httpGateway, {
      default: [],
      variable: null,
      description: 'Gateways that take one HTTP request per message: each as [`createHttpGatewaySender`](senders.md) takes it.',
    }),
    origin: text({ otherwise: 'none', description: 'The https site that codes belong to, where a service names none of its own.' }),
    template: text({ otherwise: "the package's", description: 'The text of a message, with `{code}` once, where a service has none of its own.' }),
    subject: text({ otherwise: "the package's", description: 'The subject of an email, where a service has none of its own.' }),
    limits: Type.Object(Object.fromEntries([...LIMIT_SETTINGS.keys()].map((name) => [name, toLimitSchema(name)])), { ...strict, default: {} }),
    rates: Type.Object(
      {
        keyPerMinute: perMinute(600, 'Requests of one API key a minute.'),
        keyBurst: burst(120, 'So many of them at once.'),
        addressPerMinute: perMinute(600, 'Requests of one client address a minute; of IPv6 a /64 counts as one.'),
        addressBurst: burst(120, 'So many of them at once.'),
      },
      { ...strict, default: {} },
    ),
    logLevel: Type.Enum(LOG_LEVELS, { default: 'info', description: 'From which level on is logged: JSON, one line each, on standard output.' }),
    acknowledgeTestNumbers: Type.Boolean({
      default: false,
      description: 'Services may have test numbers: whoever knows the code of one is approved without a message.',
    }),
  },
  strict,
);

/** A schema of objects, of which every part may be left out. */
export type SectionSchema = TSchema & { readonly properties: Readonly<Record<string, TSchema & SettingNotes>> };

/** The schema, as JSON Schema. */
export const SETTINGS_SCHEMA: SectionSchema = withoutRequired(schemaOf(SCHEMA));

/** Ensure, when this is compiled, that what the schema lets through is {@link Settings}. */
function schemaOf<S extends TSchema>(schema: S & (Static<S> extends Settings ? unknown : never)): S {
  return schema;
}

/** Whether a schema holds settings and is none. */
export function isSection(schema: TSchema): schema is SectionSchema {
  return 'properties' in schema;
}

/** The engine checks ranges, and is the one place that knows them; here only the form is looked at. */
function toLimitSchema(name: string): TSchema {
  const { limit = 'life' } = LIMIT_SETTINGS.get(name) ?? {};
  const fallback = DEFAULT_LIMITS[limit];
  const notes = { otherwise: `see [limits](limits.md#${limit.toLowerCase()})` };
  if (Array.isArray(fallback)) return Type.Array(Type.Integer(), { list: 'texts', ...notes });
  // Null is a number that is not set.
  if (typeof fallback === 'number' || fallback === null) return Type.Integer(notes);
  return typeof fallback === 'boolean' ? Type.Boolean(notes) : Type.String(notes);
}

/** Nothing is required of one source alone: what must be there is looked at when all have been read. Of lists the entries are whole. */
function withoutRequired(schema: TSchema): SectionSchema {
  const { properties = {}, required, ...rest } = schema as { properties?: Readonly<Record<string, TSchema>>; required?: unknown };
  const inner = Object.entries(properties).map(([name, property]) => [name, isSection(property) ? withoutRequired(property) : property]);
  return { ...rest, properties: Object.fromEntries(inner) };
}
