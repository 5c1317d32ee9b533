import type { PageSessions } from '../../../engine/page-sessions.ts';
import type { RestParts } from '../../rest-parts.ts';

/** The two files of the page, as the build made them. */
export interface PageFiles {
  readonly script: Buffer;
  readonly styles: Buffer;
}

/** Everything that the hosted page is made of. */
export interface PageParts
  extends Pick<RestParts, 'tenants' | 'limiter' | 'rates' | 'trustedHops' | 'verifierFor' | 'publicUrl' | 'now' | 'observe'> {
  readonly pageSessions: PageSessions;
  /** Derives what forms and guesses carry. */
  readonly pageKey: PageKey;
  readonly files: PageFiles;
}

/** The secrets around a visit that are derived and not kept. */
export interface PageKey {
  /** A new secret for a browser's cookie. */
  createBrowser(): string;
  createFormToken(visitor: { readonly id: string; readonly browser: string }): string;
  isFormToken(visitor: { readonly id: string; readonly browser: string }, token: unknown): boolean;
  toAttemptId(guess: { readonly id: string; readonly browser: string; readonly guess: string }): string;
}
