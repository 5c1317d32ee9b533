import { CountersignError } from '../core/errors.ts';

/** What `sslmode` may say to the driver, which passes over any other word, and with it over what was meant. */
const SSL_MODES = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full', 'no-verify'];

/** Ensure an address is one of PostgreSQL, before anything is sent anywhere. The message must not repeat it: a password may be in it. */
export function assertPostgresUrl(url: unknown): void {
  if (typeof url !== 'string' || !URL.canParse(url) || !/^postgres(?:ql)?:\/\//.test(url)) {
    throw invalid('url must be an address such as postgres://user:password@host:5432/database, or pool a pool of pg');
  }
  const mode = new URL(url).searchParams.get('sslmode');
  if (mode !== null && !SSL_MODES.includes(mode)) throw invalid(`sslmode in the url of PostgreSQL must be one of ${SSL_MODES.join(', ')}`);
}

/** Takes `options` out of an address: what stands there replaces what the store sets for its own connections, where both are meant. */
export function splitOptions(url: string): { readonly url: string; readonly options: string } {
  const parsed = new URL(url);
  const options = parsed.searchParams.get('options');
  if (options === null) return { url, options: '' };
  parsed.searchParams.delete('options');
  return { url: parsed.href, options };
}

/** What is wrong with an address that the driver could make nothing of. */
export function toUrlError(error: unknown): CountersignError {
  const { syscall } = (error ?? {}) as { syscall?: unknown };
  if (syscall === 'open' || syscall === 'read') {
    return invalid('a file for TLS that the url of PostgreSQL names cannot be read: correct sslrootcert, sslcert or sslkey', error);
  }
  if (error instanceof URIError) return invalid('the url of PostgreSQL has a percent sign that begins no escape: write it as %25', error);
  return invalid('the url of PostgreSQL cannot be used: correct what stands behind its "?"', error);
}

function invalid(message: string, cause?: unknown): CountersignError {
  return new CountersignError('configuration_invalid', message, { field: 'url', cause });
}
