import { isIP } from 'node:net';

/**
 * The address of the client, for limits. Only what trusted proxies wrote is believed: each adds the address it saw at the right end of `X-Forwarded-For`,
 * so that the one written by the outermost of them is `trustedHops` from the right, and what stands before it is the client's own invention.
 *
 * @param peer the address of the connection.
 * @param forwarded the header, all of its lines.
 */
export function findClientAddress(peer: string, forwarded: string | readonly string[] | undefined, trustedHops: number): string {
  if (trustedHops === 0 || forwarded === undefined) return peer;
  const hops = [forwarded].flat().join(',').split(',');
  const claimed = (hops.at(-trustedHops) ?? hops[0] ?? '').trim();
  // A proxy that writes something else is no reason to share one limit among all of its clients' inventions: the connection is what is sure.
  return isIP(claimed) === 0 ? peer : claimed;
}
