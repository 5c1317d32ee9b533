/** Who issues codes. */
export const PROVIDER_CHOICES = ['self_issued', 'twilio_verify'] as const;

export type ProviderChoice = (typeof PROVIDER_CHOICES)[number];

/** From which level on is logged. */
export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'silent'] as const;

export type LogLevel = (typeof LOG_LEVELS)[number];

/**
 * The settings of the service, in the shape of `countersign.json`. docs/settings.md says of each what it does; it is written from the schema that holds
 * them to their form.
 */
export interface Settings {
  readonly database: string;
  readonly secret?: string;
  readonly keys?: readonly { readonly id?: string; readonly secret: string }[];
  readonly indexSecret?: string;
  readonly host: string;
  readonly port: number;
  readonly publicUrl?: string;
  readonly metrics: { readonly host: string; readonly port: number };
  readonly trustedHops: number;
  readonly trustedProxies?: readonly string[];
  readonly allowedCountries?: readonly string[];
  readonly provider: ProviderChoice;
  readonly senders?: readonly string[];
  readonly smtp: { readonly url?: string; readonly from?: string; readonly allowUnencrypted: boolean };
  readonly twilio: TwilioSettings;
  readonly vonage: { readonly apiKey?: string; readonly apiSecret?: string; readonly from?: string; readonly baseUrl?: string };
  readonly httpGateways: readonly Readonly<Record<string, unknown>>[];
  readonly origin?: string;
  readonly template?: string;
  readonly subject?: string;
  /** Durations in whole seconds, and named so. */
  readonly limits: Readonly<Record<string, unknown>>;
  readonly rates: RateSettings;
  readonly logLevel: LogLevel;
  readonly acknowledgeTestNumbers: boolean;
}

/** One account, for Verify and for Messaging. */
export interface TwilioSettings {
  readonly accountSid?: string;
  readonly authToken?: string;
  readonly serviceSid?: string;
  readonly codeLength: number;
  readonly baseUrl?: string;
  readonly messagingFrom?: string;
  readonly messagingServiceSid?: string;
  readonly messagingBaseUrl?: string;
}

/** Requests a minute, and at once. */
export interface RateSettings {
  readonly keyPerMinute: number;
  readonly keyBurst: number;
  readonly addressPerMinute: number;
  readonly addressBurst: number;
}

/** Settings as they are given: any of them, at any depth. */
export type SettingsInput = { readonly [Name in keyof Settings]?: Settings[Name] extends Section ? Partial<Settings[Name]> : Settings[Name] };

/** What holds settings and is none. */
type Section = Settings['metrics' | 'smtp' | 'twilio' | 'vonage' | 'limits' | 'rates'];
