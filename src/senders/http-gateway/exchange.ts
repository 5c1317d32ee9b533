import { type ErrorCause, toErrorCause } from '../../core/errors.ts';
import { wasNeverConnected } from '../was-never-connected.ts';
import type { Answer } from './answers.ts';

/** One request, ready to go. */
export interface GatewayRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string | undefined;
}

/** A connection that was never made, and why. */
export interface NotMade {
  readonly notMade: ErrorCause;
}

/** The longest body that is read, in bytes: an answer about one message takes a few hundred. */
const MAX_BODY = 64 * 1024;

/**
 * Makes one request, follows no redirect, and never rejects. {@link NotMade}: surely no connection. `lost`: it may have been read, and nobody answered.
 *
 * What cannot be read of a body (cut off, too long, no JSON) is left out; the status is there all the same.
 *
 * @param needsBody whether anybody will look at it: if not it is not waited for.
 */
export async function exchange(request: GatewayRequest, needsBody: boolean, signal: AbortSignal): Promise<Answer | NotMade | 'lost'> {
  if (signal.aborted) return { notMade: toErrorCause(signal.reason) };
  try {
    const { url, method, headers, body } = request;
    const init = { method, headers: headers.map(([name, value]): [string, string] => [name, value]), redirect: 'manual' as const, signal };
    const response = await fetch(url, body === undefined ? init : { ...init, body });
    if (needsBody) return { status: response.status, body: toJson(await readBounded(response)) };
    response.body?.cancel().catch(() => undefined);
    return { status: response.status, body: undefined };
  } catch (error) {
    // Its name and code alone are handed on: what fetch throws names the URL, which may hold the number and the text.
    const { cause } = (error ?? {}) as { readonly cause?: unknown };
    return wasNeverConnected(cause) ? { notMade: toErrorCause(cause) } : 'lost';
  }
}

/** The text of a body; undefined where it is too long or does not come to its end. */
async function readBounded({ body }: Response): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of body ?? []) {
      size += chunk.length;
      // Leaving the loop cancels the stream, and with it the connection.
      if (size > MAX_BODY) return undefined;
      chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString('utf8');
  } catch {
    return undefined;
  }
}

function toJson(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '') as unknown;
  } catch {
    return undefined;
  }
}
