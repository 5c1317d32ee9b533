/**
 * Errors that come before a connection can carry anything: names that do not resolve, `connect` itself, certificates that are not believed. The codes are those
 * of Node (https://nodejs.org/api/errors.html, https://nodejs.org/api/tls.html#x509-certificate-error-codes) and of its fetch.
 */
const BEFORE_A_CONNECTION =
  /^(ECONNREFUSED|ENOTFOUND|EAI_[A-Z]+|EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL|UND_ERR_CONNECT_TIMEOUT|ERR_TLS_CERT_\w+|ERR_SSL_WRONG_VERSION_NUMBER|CERT_\w+|DEPTH_ZERO_\w+|SELF_SIGNED_\w+|UNABLE_TO_\w+)$/;

/**
 * Whether an error says by itself that no connection was made, so that nothing left. The host may have several addresses; then each has failed.
 *
 * A reset or a timeout says so only where it is the one of `connect`: otherwise the request may have been read.
 */
export function wasNeverConnected(error: unknown): boolean {
  const { code, syscall, errors, originalCode } = (error ?? {}) as Readonly<Record<'code' | 'syscall' | 'errors' | 'originalCode', unknown>>;
  if (Array.isArray(errors) && errors.length > 0) return errors.every(wasNeverConnected);
  if (syscall === 'connect' || syscall === 'getaddrinfo') return true;
  return [code, originalCode].some((known) => typeof known === 'string' && BEFORE_A_CONNECTION.test(known));
}
