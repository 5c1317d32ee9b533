import { randomBytes } from 'node:crypto';
import { closeSync, fchmodSync, fstatSync, fsyncSync, linkSync, openSync, readFileSync, rmSync, type Stats, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { CountersignError } from '../core/errors.ts';
import { Secret } from '../core/secret.ts';

/** 384 bits: more than the 256 that are needed, and a whole number of base64 characters. */
const KEY_BYTES = 48;

/** No key of ours is longer; whatever else was put in its place is not read into memory. */
const MAX_FILE_BYTES = 4_096;

/** Anything for group or others. Windows has no such bits and reports them all as set. */
const MODE_OF_OTHERS = process.platform === 'win32' ? 0 : 0o077;

/**
 * Reads a key file; undefined when there is none.
 *
 * @throws {CountersignError} `configuration_invalid` with the remedy, when it can be read by others, cannot be read by us, or holds no key.
 */
export function readKeyFile(path: string): Secret | undefined {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return undefined;
    throw unusable(path, 'cannot be read: give this user read permission on it', cause);
  }
  try {
    // Looked at through the open file: what is checked is what is read.
    assertPrivate(path, fstatSync(file));
    const text = readFileSync(file, 'utf8').trim();
    if (Buffer.byteLength(text) < KEY_BYTES) throw unusable(path, 'holds no whole key: put it back from a backup');
    return new Secret(text);
  } finally {
    closeSync(file);
  }
}

/**
 * Makes a key file and returns the key that is in it in the end; another process may have been quicker, and then it is that one's. The file
 * comes into being whole, by a link to a finished one: nobody ever reads half a key, and no two keys replace each other. It is on the disk when
 * this returns, because everything that is written under a lost key is lost with it.
 *
 * @throws {CountersignError} `configuration_invalid` when the file cannot be made.
 */
export function makeKeyFile(path: string): { readonly secret: Secret; readonly isNew: boolean } {
  const draft = `${path}.${randomBytes(8).toString('hex')}`;
  let isNew = true;
  try {
    writeDurably(draft, `${randomBytes(KEY_BYTES).toString('base64')}\n`);
    linkSync(draft, path);
    syncFolder(dirname(path));
  } catch (cause) {
    isNew = false;
    if (codeOf(cause) !== 'EEXIST') throw unusable(path, 'cannot be made: give this user write permission on its folder', cause);
  } finally {
    rmSync(draft, { force: true });
  }
  const secret = readKeyFile(path);
  if (secret === undefined) throw unusable(path, 'went away while it was made: try again');
  return { secret, isNew };
}

/** Ensure that only its owner can use the key: with it every code can be computed (CWE-732). */
function assertPrivate(path: string, stats: Stats): void {
  if (!stats.isFile() || stats.size > MAX_FILE_BYTES) throw unusable(path, 'is not a key file: move it away');
  if ((stats.mode & MODE_OF_OTHERS) !== 0) throw unusable(path, 'can be used by others than its owner: take that away with "chmod 600"');
}

function writeDurably(path: string, text: string): void {
  const file = openSync(path, 'wx', 0o600);
  try {
    fchmodSync(file, 0o600); // Whatever the umask left of it: a key that its owner cannot read is no use.
    writeFileSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Puts the new name on the disk. Some systems cannot, and then nothing better can be done. */
function syncFolder(path: string): void {
  try {
    const folder = openSync(path, 'r');
    fsyncSync(folder);
    closeSync(folder);
  } catch {
    // Windows opens no folders.
  }
}

function codeOf(error: unknown): unknown {
  return (error as NodeJS.ErrnoException).code;
}

function unusable(path: string, problem: string, cause?: unknown): CountersignError {
  return new CountersignError('configuration_invalid', `the key file ${path} ${problem}, or set COUNTERSIGN_SECRET`, { field: 'keyFile', cause });
}
