import type { RequestClient } from 'twilio';
import { CountersignError } from '../../core/errors.ts';

/** As much of the official SDK's client as is used: `twilio(accountSid, authToken)` has it, whichever version. */
export interface TwilioClient {
  readonly verify: { readonly v2: { services(sid: string): TwilioService } };
}

/** One Verify service in the SDK. */
export interface TwilioService {
  readonly verifications: {
    (sid: string): { update(params: { readonly status: 'canceled' }): Promise<unknown> };
    create(params: TwilioCreate): Promise<unknown>;
  };
  readonly verificationChecks: { create(params: TwilioCheck): Promise<unknown> };
}

/** What a verification is created with, as the SDK names it. */
export interface TwilioCreate {
  readonly to: string;
  readonly channel: string;
  readonly locale?: string;
  readonly rateLimits?: Readonly<Record<string, string>>;
  readonly customFriendlyName?: string;
  readonly deviceIp?: string;
  readonly riskCheck?: 'enable' | 'disable';
  /** JSON. */
  readonly tags?: string;
}

/** What a guess is judged by: Twilio's own id of the verification, or the destination where that is not known. */
export type TwilioCheck = { readonly code: string } & ({ readonly verificationSid: string } | { readonly to: string });

/** How to reach Twilio. */
export interface TwilioAccess {
  readonly accountSid: string;
  readonly authToken: string;
  /** Where Verify is, instead of at Twilio. */
  readonly baseUrl: URL | undefined;
  /** Milliseconds. */
  readonly timeout: number;
}

/**
 * Loads the official SDK and makes a client of it. It is loaded on first use, since that takes a fifth of a second and 25 MB, and only those who send
 * need it.
 *
 * @throws {CountersignError} `configuration_invalid` where the package is missing.
 */
export async function loadTwilioClient({ accountSid, authToken, baseUrl, timeout }: TwilioAccess): Promise<TwilioClient> {
  const { default: twilio } = await importTwilio();
  class Redirected extends twilio.RequestClient {
    override request: RequestClient['request'] = (options) =>
      super.request({ ...options, uri: baseUrl === undefined ? options.uri : redirect(options.uri, baseUrl) });
  }
  return twilio(accountSid, authToken, {
    // A repeated send is a second message; a repeated check is a second guess.
    httpClient: new Redirected({ timeout, autoRetry: false }),
    // The environment's level would let "debug" write numbers and codes to the log.
    logLevel: 'error',
    // Nor is its region: with a base URL it would send the request elsewhere.
    ...(baseUrl !== undefined && { region: '', edge: '' }),
  });
}

async function importTwilio(): Promise<{ readonly default: typeof import('twilio') }> {
  try {
    return await import('twilio');
  } catch (cause) {
    const isMissing = (cause as { code?: unknown }).code === 'ERR_MODULE_NOT_FOUND';
    const remedy = isMissing ? 'install it with "npm install twilio"' : 'it is there, but cannot be loaded';
    throw new CountersignError('configuration_invalid', `the Twilio Verify provider needs the package twilio: ${remedy}`, { cause });
  }
}

/** Not by the client's own setting, which takes a host of two labels, or any where a region is set, for one of Twilio's. */
function redirect(uri: string, base: URL): string {
  const url = new URL(uri);
  if (!/^verify(\..+)?\.twilio\.com$/.test(url.hostname)) return uri;
  return `${base.origin}${url.pathname}${url.search}`;
}
