import type { JournalEntry, JournalFilter, ListedRecord, RecordBody } from '../store.ts';
import type { VersionedSnapshot, VersionedWrite, WriteReply } from '../versioned-driver.ts';
import type { GroupResult } from './groups.ts';

/**
 * What a SQL server is asked for, a method to a statement or two. Everything else a store promises is made of these by `SqlStore`, the same for each.
 * Each rejects with an {@link SqlFailure} that says what the server's error means.
 */
export interface SqlBackend {
  /** Names the store in messages. */
  readonly name: string;
  /** Ensure the server can serve: its tables are there, and of the version this code knows. */
  prepare(): Promise<void>;
  /** Reads records and the clock, in the order of the keys. No key is there twice. */
  readRecords(keys: readonly StoredKey[]): Promise<readonly VersionedSnapshot[]>;
  /** Writes records whose version is unchanged and whose read is at most 5 s old, each with its journal entries or not at all. No key is there twice. */
  writeRecords(writes: readonly StoredWrite[]): Promise<readonly GroupResult<WriteReply>[]>;
  /** Rows of one kind and partition with ids behind `after`, by the order of their bytes. */
  listRecords(kind: string, partition: string, after: string | undefined, limit: number): Promise<readonly ListedRecord[]>;
  /** Removes at most `limit` records that have expired; resolves with how many. */
  sweepRecords(limit: number): Promise<number>;
  /** Adds entries in their order, all or none. */
  appendEntries(entries: readonly JournalEntry[]): Promise<void>;
  /** The least and the greatest number in the journal; undefined when it is empty. */
  journalSpan(): Promise<{ readonly first: number; readonly last: number } | undefined>;
  /** Matching entries numbered from above `after` to `until`, the least first. */
  searchJournal(search: JournalSearch): Promise<readonly NumberedEntry[]>;
  /** Removes at most `limit` journal entries older than 30 days. */
  sweepJournal(limit: number): Promise<void>;
  /** Commits a write that changes nothing anybody reads. */
  ping(): Promise<void>;
  /** Ends the connections that are this store's own. */
  close(): Promise<void>;
}

/** A key as it lies in the database: its id so that bytes sort as the contract wants. */
export interface StoredKey {
  readonly kind: string;
  readonly partition: string;
  readonly id: string;
}

/** A write as it goes to the database: `expiresAt` is rounded, and null for never. */
export interface StoredWrite extends Pick<VersionedWrite, 'expected' | 'version' | 'readAt' | 'entries'> {
  readonly key: StoredKey;
  readonly body: RecordBody;
  readonly expiresAt: number | null;
}

/** A part of the journal to be searched. */
export interface JournalSearch extends JournalFilter {
  readonly after: number;
  /** The last number; undefined for no end. */
  readonly last: number | undefined;
}

/** A journal entry and its number, which grows with each and never comes back. */
export interface NumberedEntry extends JournalEntry {
  readonly seq: number;
}
