import twilio from 'twilio';
import type { TwilioDouble } from './double.ts';

/** One Verify service in the official SDK, pointed at a double. */
export type SdkService = ReturnType<ReturnType<typeof twilio>['verify']['v2']['services']>;

/** What to get wrong about a double. */
export interface ConnectOptions {
  readonly authToken?: string;
  readonly serviceSid?: string;
}

/** The official SDK, as an application would set it up. No region and no edge, since one in the environment sends every host elsewhere. */
export function connect(double: TwilioDouble, { authToken = double.authToken, serviceSid = double.serviceSid }: ConnectOptions = {}): SdkService {
  const client = twilio(double.accountSid, authToken, { region: '', edge: '' });
  client.verify.baseUrl = double.baseUrl;
  return client.verify.v2.services(serviceSid);
}

/** What came of a request that did not succeed. */
export type Refusal = { readonly status: number; readonly code: number | undefined; readonly message: string };

/**
 * How the SDK answers: `answered`, an error of Twilio's, `unreadable` for a body that is not JSON, `no_answer` when the network failed. Never
 * what it threw: a network error of the SDK holds the credentials and the form, and prints them.
 */
export async function outcome(request: Promise<unknown>): Promise<'answered' | 'unreadable' | 'no_answer' | Refusal> {
  try {
    await request;
    return 'answered';
  } catch (error) {
    if (isTwilioError(error)) return { status: error.status, code: error.code, message: error.message };
    return error instanceof SyntaxError ? 'unreadable' : 'no_answer';
  }
}

/**
 * By its shape, for the first SDKs of version 5 do not export its class. A status alone is not enough: a network error has one too when the
 * connection breaks half way through a body.
 */
function isTwilioError(error: unknown): error is Refusal {
  return error instanceof Error && 'status' in error && typeof error.status === 'number' && !('isAxiosError' in error);
}
