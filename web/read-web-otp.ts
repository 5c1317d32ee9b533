/** What `navigator.credentials.get` answers for a message; not in TypeScript's own types. */
interface OtpCredential extends Credential {
  readonly code?: string;
}

interface OtpRequest extends CredentialRequestOptions {
  readonly otp: { readonly transport: readonly ['sms'] };
}

/**
 * Waits for the next message to this site and resolves to its code, where the browser can read it: https://wicg.github.io/web-otp/
 *
 * @returns `undefined` where it cannot, where the person said no, and once `signal` is aborted.
 */
export async function readWebOtp(signal: AbortSignal): Promise<string | undefined> {
  if (!('OTPCredential' in globalThis)) return undefined;
  const request: OtpRequest = { otp: { transport: ['sms'] }, signal };
  try {
    const credential: OtpCredential | null = await navigator.credentials.get(request);
    return signal.aborted ? undefined : credential?.code;
  } catch {
    // Refused, timed out or aborted: the person types the code, as without it.
    return undefined;
  }
}
