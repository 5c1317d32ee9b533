/** Whether a host, as `URL.hostname` writes it, is this machine: nobody listens in between (RFC 1122 §3.2.1.3, RFC 4291 §2.5.3, RFC 6761 §6.3). */
export function isLoopback(hostname: string): boolean {
  return /^(127(\.\d{1,3}){3}|\[::1\]|([^.]+\.)*localhost)$/.test(hostname);
}

/** Whether `value` is an origin to send credentials to, or to be shown in: https, or on this machine. */
export function isSafeOrigin(value: unknown): boolean {
  if (typeof value !== 'string' || !URL.canParse(value)) return false;
  const { protocol, hostname, pathname, search, hash, username, password } = new URL(value);
  return (
    (protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname))) && pathname === '/' && `${search}${hash}${username}${password}` === ''
  );
}
