import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { PageParts } from './page-parts.ts';

/** A file as it is handed out. */
export interface PageAsset {
  /** Below the prefix of the pages. */
  readonly path: string;
  readonly type: string;
  readonly body: Buffer;
  /** The same, for browsers that take it (RFC 1952). */
  readonly compressed: Buffer;
}

/** The files of the page, and their addresses in it. */
export interface PageAssets {
  readonly files: readonly PageAsset[];
  readonly script: string;
  readonly styles: string;
  /** The path of the service's public address, before all others: empty for most. */
  readonly base: string;
}

/** Each file is under a name of its content, so that a browser may keep it for good and has the new one at once. */
export function toAssets({ files, publicUrl }: Pick<PageParts, 'files' | 'publicUrl'>, prefix: string): PageAssets {
  const base = new URL(publicUrl).pathname.replace(/\/$/, '');
  const script = toAsset('page', 'js', 'text/javascript; charset=utf-8', files.script);
  const styles = toAsset('page', 'css', 'text/css; charset=utf-8', files.styles);
  const at = ({ path }: PageAsset) => base + prefix + path;
  return { files: [script, styles], script: at(script), styles: at(styles), base };
}

function toAsset(name: string, ending: string, type: string, body: Buffer): PageAsset {
  const mark = createHash('sha256').update(body).digest('hex').slice(0, 12);
  return { path: `/files/${name}.${mark}.${ending}`, type, body, compressed: gzipSync(body, { level: 9 }) };
}
