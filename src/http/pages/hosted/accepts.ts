import type { FastifyRequest } from 'fastify';

type Headers = Pick<FastifyRequest, 'headers'>;

/** Whether a browser takes what is compressed (RFC 9110 §12.5.3). */
export function acceptsGzip({ headers }: Headers): boolean {
  return /(?:^|[ ,])gzip(?! *; *q=0(?:\.0*)?(?:,|$))/.test(String(headers['accept-encoding'] ?? ''));
}

/** Whether it is the page's script that asks: it says what came of a form in the page, where a browser alone would load another. */
export function isScript({ headers }: Headers): boolean {
  return headers.accept === 'application/json';
}
