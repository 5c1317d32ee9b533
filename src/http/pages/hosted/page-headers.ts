import type { PageSettings } from '../../../engine/page-settings.ts';
import { SECURITY_HEADERS } from '../../security-headers.ts';

/** What of a page its headers depend on. */
export interface HeaderContext {
  readonly page: Pick<PageSettings, 'frameAncestors'> | undefined;
  /** Of the style that the page holds. */
  readonly styleSource: string | undefined;
}

/**
 * What a browser is told of a page: files of its own and nothing else, no script in the page, no other site, and a frame only where the service's operator
 * has said so.
 */
export function toPageHeaders({ page, styleSource }: HeaderContext): Readonly<Record<string, string>> {
  const { frameAncestors = [] } = page ?? {};
  const policy = [
    ...["default-src 'none'", "script-src 'self'", ["style-src 'self'", styleSource].filter((source) => source !== undefined).join(' ')],
    ...['img-src data:', "connect-src 'self'", "form-action 'self'", "base-uri 'none'"],
    `frame-ancestors ${frameAncestors.length === 0 ? "'none'" : frameAncestors.join(' ')}`,
    ...["require-trusted-types-for 'script'", "trusted-types 'none'"],
  ].join('; ');
  const { 'x-frame-options': _, ...others } = SECURITY_HEADERS;
  return {
    ...others,
    'content-security-policy': policy,
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'permissions-policy': 'otp-credentials=(self)',
    ...(frameAncestors.length === 0 && { 'x-frame-options': 'DENY' }),
  };
}
