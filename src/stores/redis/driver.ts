import type { Clock } from '../../core/clock.ts';
import { keyText } from '../batch.ts';
import type { JournalEntry, RecordKey } from '../store.ts';
import { locateWrite } from '../version.ts';
import type { VersionedDriver, VersionedSnapshot, VersionedWrite, WriteReply } from '../versioned-driver.ts';
import { toWriteFailure } from './errors.ts';
import type { RedisJournal } from './journal.ts';
import type { RedisKeys } from './keys.ts';
import type { RedisLink } from './link.ts';
import type { RedisListIndex } from './list-index.ts';
import { parseRecord } from './record-text.ts';
import { READ, toTimeArgument, WRITE } from './scripts.ts';

/** What a {@link createRedisDriver} works with. */
export interface DriverParts {
  readonly link: RedisLink;
  readonly keys: RedisKeys;
  readonly index: RedisListIndex;
  readonly journal: RedisJournal;
  readonly clock: Clock | undefined;
}

/** Journal entries of a write that has not been answered yet. */
interface Owed {
  readonly token: string;
  readonly expected: string | undefined;
  readonly entries: readonly JournalEntry[];
  isPaid: boolean;
}

/** Writes without an answer whose entries are kept in mind; more than are ever under way at once. */
const MAX_OWED = 10_000;

/** Reads and writes one record with one script each. */
export function createRedisDriver({ link, keys, index, journal, clock }: DriverParts): VersionedDriver {
  const owed = createOwedEntries((entries) => journal.append(entries));

  const send = (write: VersionedWrite) => {
    const { key, expected = '', version, body, expiresAt, readAt } = write;
    const expiry = expiresAt === undefined ? '' : String(Math.ceil(expiresAt));
    const args = [expected, version, body, expiry, String(readAt), toTimeArgument(clock)];
    return link.run(WRITE, [keys.record(key)], args);
  };

  return {
    name: 'redis',
    async read(key): Promise<VersionedSnapshot> {
      const [now, text] = (await link.run(READ, [keys.record(key)], [toTimeArgument(clock)])) as [number, string | null];
      const record = text === null ? undefined : parseRecord(text);
      // Before the loop tells who waits for that write.
      if (owed.isAny()) await owed.settle(key, record?.version);
      return record ? { ...record, now } : { now };
    },
    async write(write): Promise<WriteReply> {
      const { key, expected, entries } = write;
      if (key.partition !== '') {
        const enlisted = index.enlist(key);
        // Before the record is there, so that none is missing from a list; one that is there already is only put in again in case it went.
        if (expected === undefined) await enlisted;
        else enlisted.catch(() => undefined);
      }
      const pay = entries.length > 0 ? owed.note(write) : undefined;
      const [applied, now] = (await send(write)) as [number, number];
      if (pay) await pay(applied === 1);
      if (applied === 1) await link.replicated();
      return { applied: applied === 1, now };
    },
    classify: toWriteFailure,
  };
}

/**
 * Sees to it that the journal gets the entries of a write once, also where its reply was lost and the write is found in the record later: by the
 * reply or by the read, whichever comes first. What this process does not live to see is lost, and so is what the journal does not take.
 */
function createOwedEntries(append: (entries: readonly JournalEntry[]) => Promise<void>) {
  const owed = new Map<string, Set<Owed>>();

  const forget = (text: string, one: Owed) => {
    const ofKey = owed.get(text);
    ofKey?.delete(one);
    if (ofKey?.size === 0) owed.delete(text);
  };
  const pay = async (text: string, one: Owed) => {
    forget(text, one);
    if (one.isPaid) return;
    one.isPaid = true;
    // The record is written: its callers are answered whatever becomes of the journal.
    await append(one.entries).catch(() => undefined);
  };

  return {
    note({ key, version, expected, entries }: VersionedWrite): (isApplied: boolean) => Promise<void> {
      const text = keyText(key);
      const one: Owed = { token: version.split(' ', 1)[0] ?? '', expected, entries, isPaid: false };
      const ofKey = owed.get(text);
      if (ofKey) ofKey.add(one);
      else if (owed.size < MAX_OWED) owed.set(text, new Set([one]));
      return async (isApplied) => {
        if (isApplied) await pay(text, one);
        else forget(text, one);
      };
    },
    isAny: () => owed.size > 0,
    async settle(key: RecordKey, version: string | undefined): Promise<void> {
      const text = keyText(key);
      for (const one of owed.get(text) ?? []) {
        const state = locateWrite(one, version);
        if (state === 'applied') await pay(text, one);
        else if (state !== 'pending') forget(text, one);
      }
    },
  };
}
