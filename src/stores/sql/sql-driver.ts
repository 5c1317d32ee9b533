import { CountersignError } from '../../core/errors.ts';
import { keyText } from '../batch.ts';
import { toSortable } from '../sortable-id.ts';
import type { RecordKey } from '../store.ts';
import type { VersionedDriver, VersionedSnapshot, VersionedWrite, WriteFailure, WriteReply } from '../versioned-driver.ts';
import type { SqlBackend, StoredKey, StoredWrite } from './backend.ts';
import { SqlFailure, toCallerError } from './failure.ts';
import { SqlGroups } from './groups.ts';

const HOUR = 3_600_000;

/** The longest parts of a key, in bytes of UTF-8: together they fit into an index of either server. */
const MAX_KEY_BYTES = { kind: 64, partition: 255, id: 1_024 } as const;

/** Makes a driver of a SQL server: the reads of one tick go out as one statement, and so do the writes. */
export function createSqlDriver(backend: SqlBackend): VersionedDriver {
  const outcomes = new WeakMap<CountersignError, WriteFailure>();
  const told = (error: unknown): unknown => {
    if (error instanceof SqlFailure) outcomes.set(error.error, error.outcome);
    return toCallerError(error);
  };

  const reads = new SqlGroups<StoredKey, VersionedSnapshot>({
    keyOf: keyText,
    sizeOf: () => 0,
    run: async (keys) => {
      await backend.prepare();
      return (await backend.readRecords(keys)).map((value) => ({ value }));
    },
  });
  const writes = new SqlGroups<StoredWrite, WriteReply>({
    keyOf: ({ key }) => keyText(key),
    sizeOf: ({ body, entries }) => body.length + entries.reduce((sum, { data }) => sum + data.length, 0),
    run: async (group) => {
      await backend.prepare();
      return backend.writeRecords(group);
    },
  });

  return {
    name: backend.name,
    read: (key) => reads.add(toStoredKey(key)).catch(rethrowAs(told)),
    write: (write) => writes.add(toStoredWrite(write)).catch(rethrowAs(told)),
    classify: (error) => (error instanceof CountersignError ? outcomes.get(error) : undefined) ?? 'unknown',
  };
}

/** A key as it lies in the database. Throws `store_unavailable` for one that is too long to be told from others. */
export function toStoredKey({ kind, partition, id }: RecordKey): StoredKey {
  const stored = { kind, partition, id: toSortable(id) };
  for (const part of ['kind', 'partition', 'id'] as const) {
    const text = stored[part];
    // A UTF-16 unit takes at most three bytes.
    if (text.length * 3 <= MAX_KEY_BYTES[part] || Buffer.byteLength(text) <= MAX_KEY_BYTES[part]) continue;
    throw new CountersignError('store_unavailable', `the ${part} of a record key must not be longer than ${MAX_KEY_BYTES[part]} bytes`);
  }
  return stored;
}

/** `expiresAt` is rounded up to the hour: an index that is not touched costs nothing, and a sweep needs to know no more. */
function toStoredWrite({ key, expected, version, body, expiresAt, readAt, entries }: VersionedWrite): StoredWrite {
  const rounded = expiresAt === undefined ? null : Math.ceil(expiresAt / HOUR) * HOUR;
  return { key: toStoredKey(key), expected, version, body, expiresAt: rounded, readAt, entries };
}

function rethrowAs(map: (error: unknown) => unknown): (error: unknown) => never {
  return (error) => {
    throw map(error);
  };
}
