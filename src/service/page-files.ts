import { existsSync, readFileSync } from 'node:fs';
import type { PageFiles } from '../http/pages/hosted/page-parts.ts';

/** Beside the built service; from the sources, where tests run, in what was built of them. */
const FOLDERS = ['../web/page/', '../../dist/web/page/'] as const;

/** The files of the hosted page as the build made them, into memory. */
export function readPageFiles(): PageFiles {
  const folder = FOLDERS.map((path) => new URL(path, import.meta.url)).find((url) => existsSync(url)) ?? new URL(FOLDERS[0], import.meta.url);
  return { script: readFileSync(new URL('page.js', folder)), styles: readFileSync(new URL('page.css', folder)) };
}
