import type { RestParts } from '../../rest-parts.ts';

/** The two files of the page, as the build made them. */
export interface PageFiles {
  readonly script: Buffer;
  readonly styles: Buffer;
}

/** Everything that the hosted page is made of. */
export interface PageParts
  extends Pick<RestParts, 'tenants' | 'limiter' | 'rates' | 'trustedHops' | 'verifierFor' | 'publicUrl' | 'now' | 'observe' | 'pageSessions'> {
  readonly files: PageFiles;
}
