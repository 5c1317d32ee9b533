import { type JSX, useState } from 'react';
import 'countersign/code-input';

/** A verification as your server told it to the page: what `start` and `resend` answer. */
export interface Pending {
  readonly id: string;
  readonly codeLength: number;
  /** ISO-8601. */
  readonly resendAt: string;
}

interface Props {
  readonly verification: Pending;
  readonly onApproved: () => void;
}

/** Asks for the code of a verification; `/api/check` and `/api/resend` are routes of your server that call `check` and `resend`. */
export function CodeForm({ verification, onApproved }: Props): JSX.Element {
  const [resendAt, setResendAt] = useState(verification.resendAt);
  const [isChecking, setIsChecking] = useState(false);
  const [error, setError] = useState('');

  async function check(code: string): Promise<void> {
    setError(''); // so that the same error is seen, and heard, a second time
    setIsChecking(true);
    const result = await post('/api/check', { id: verification.id, code });
    setIsChecking(false);
    if (result?.status === 'approved') onApproved();
    else if (result?.reason === 'wrong_code') setError(`This is not the code. Attempts left: ${result.attemptsLeft}.`);
    else setError(result === undefined ? 'That did not work. Try again.' : 'This code no longer counts. Ask for a new one.');
  }

  async function resend(): Promise<void> {
    setError('');
    const result = await post('/api/resend', { id: verification.id });
    const next = result?.resendAt ?? result?.retryAt;
    if (next !== undefined) setResendAt(next);
    if (result?.status !== 'pending') setError('No new code was sent. Try again later.');
  }

  return (
    <countersign-code
      length={verification.codeLength}
      error={error}
      readonly={isChecking}
      webotp
      resend-at={resendAt}
      oncomplete={(event) => void check(event.detail.code)}
      onresend={() => void resend()}
    />
  );
}

interface Result {
  readonly status: string;
  readonly reason?: string;
  readonly attemptsLeft?: number;
  readonly resendAt?: string;
  readonly retryAt?: string;
}

/** The answer; `undefined` where there was none. */
async function post(path: string, body: object): Promise<Result | undefined> {
  try {
    const response = await fetch(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
    return response.ok ? ((await response.json()) as Result) : undefined;
  } catch {
    return undefined;
  }
}
