import { readFileSync } from 'node:fs';
import type { PageFile } from '../http/pages/inbox/inbox-pages.ts';

/** Where the inbox takes whoever comes back from the hosted page. */
export const RETURN_PATH = '/inbox/returned';

const FILES = [
  { path: '/', file: 'index.html', type: 'text/html; charset=utf-8' },
  // Where visits of the hosted page end, in the place of a caller's own site.
  { path: RETURN_PATH, file: 'index.html', type: 'text/html; charset=utf-8' },
  { path: '/inbox/inbox.js', file: 'inbox.js', type: 'text/javascript; charset=utf-8' },
  { path: '/inbox/inbox.css', file: 'inbox.css', type: 'text/css; charset=utf-8' },
  { path: '/inbox/icon.svg', file: 'icon.svg', type: 'image/svg+xml' },
];

/** The inbox as the build made it, into memory. */
export function readInboxFiles(): readonly PageFile[] {
  return FILES.map(({ path, file, type }) => ({ path, type, body: readFileSync(new URL(`../web/inbox/${file}`, import.meta.url)) }));
}
