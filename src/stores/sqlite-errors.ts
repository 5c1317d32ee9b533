import { CountersignError } from '../core/errors.ts';

interface Failure {
  readonly name: string;
  /** What happened and what to do, in one sentence that holds nothing of the data. */
  readonly remedy: string;
  /** Whether another file or other permissions are needed when it happens while the file is opened. */
  readonly isSetting?: true;
  /** Whether the record or the statement may be at fault, so that its neighbours in a transaction are worth another try. */
  readonly isLocal?: true;
}

/** Primary result codes that a file can bring about. See https://sqlite.org/rescode.html */
const FAILURES: Readonly<Record<number, Failure>> = {
  1: { name: 'SQLITE_ERROR', remedy: 'the SQLite file does not have the tables it should have', isLocal: true },
  3: { name: 'SQLITE_PERM', remedy: 'the SQLite file may not be opened: give the process permission to read and write it', isSetting: true },
  5: { name: 'SQLITE_BUSY', remedy: 'the SQLite file was locked by another connection for too long: end what holds the lock' },
  6: { name: 'SQLITE_LOCKED', remedy: 'the SQLite file was locked by another connection for too long: end what holds the lock' },
  7: { name: 'SQLITE_NOMEM', remedy: 'the process has no memory left for SQLite' },
  8: {
    name: 'SQLITE_READONLY',
    remedy: 'the SQLite file cannot be written, or was moved: give the process write permission on the file and its folder, and restart it',
    isSetting: true,
  },
  10: { name: 'SQLITE_IOERR', remedy: 'the SQLite file could not be read or written: look at the disk, and at limits on the size of files' },
  11: { name: 'SQLITE_CORRUPT', remedy: 'the SQLite file is damaged: restore it from a backup, or repair it with ".recover"', isLocal: true },
  13: { name: 'SQLITE_FULL', remedy: 'the disk of the SQLite file is full: make room, and writing goes on without a restart' },
  14: {
    name: 'SQLITE_CANTOPEN',
    remedy: 'the SQLite file cannot be opened: its folder must exist, and the process must be able to write there',
    isSetting: true,
  },
  18: { name: 'SQLITE_TOOBIG', remedy: 'a record is larger than this build of SQLite can keep', isLocal: true },
  19: { name: 'SQLITE_CONSTRAINT', remedy: 'the SQLite file refuses a record: it has triggers or constraints that are not ours', isLocal: true },
  20: { name: 'SQLITE_MISMATCH', remedy: 'the SQLite file refuses a record: its columns are not of the types they should be', isLocal: true },
  26: { name: 'SQLITE_NOTADB', remedy: 'the file is not a SQLite database, or is damaged: give another path, or restore it', isSetting: true },
};

const BUSY = 5;

/** Whether another connection holds the lock that was wanted, so that the same may be tried in a moment. */
export function isBusy(error: unknown): boolean {
  return primaryCode(error) === BUSY;
}

/** Whether a failed transaction may owe it to one record of it. What is neither ours nor SQLite's comes from binding a value, so it may. */
export function mayBeLocal(error: unknown): boolean {
  if (error instanceof CountersignError) return false;
  const code = primaryCode(error);
  return code === undefined || FAILURES[code]?.isLocal === true;
}

/** Maps what a driver threw while a file was in use. Its message is left behind: it may quote values. */
export function toStoreError(error: unknown): CountersignError {
  if (error instanceof CountersignError) return error;
  const failure = FAILURES[primaryCode(error) ?? 0];
  return new CountersignError('store_unavailable', failure?.remedy ?? 'SQLite failed', { cause: toCause(error, failure) });
}

/** Maps what a driver threw while a file was opened: more of it is a matter of settings then. */
export function toOpenError(error: unknown): CountersignError {
  if (error instanceof CountersignError) return error;
  const failure = FAILURES[primaryCode(error) ?? 0];
  if (!failure?.isSetting) return toStoreError(error);
  return new CountersignError('configuration_invalid', failure.remedy, { field: 'path', cause: toCause(error, failure) });
}

function toCause(error: unknown, failure: Failure | undefined): unknown {
  return failure ? { name: 'SqliteError', code: failure.name } : error;
}

/** Both drivers give the extended code, whose low byte is the primary one. */
function primaryCode(error: unknown): number | undefined {
  const code = (error as { errcode?: unknown } | null)?.errcode;
  return typeof code === 'number' ? code & 0xff : undefined;
}
