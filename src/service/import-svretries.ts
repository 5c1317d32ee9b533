import type { KeyRing } from '../core/keys.ts';
import { type CarryOverOutcome, decideCarryOver } from '../engine/carry-over-counter.ts';
import { toCounterRecordKey } from '../engine/counter-record.ts';
import { decideFingerprint, FINGERPRINT_KEY } from '../engine/index-fingerprint.ts';
import { DEFAULT_LIMITS } from '../engine/limits.ts';
import type { Decide, RecordKey, Store } from '../stores/store.ts';
import type { RejectedLine, SvretriesFile } from './read-svretries.ts';
import type { SvretriesRow } from './svretries-row.ts';

export type { RejectedLine } from './read-svretries.ts';
export type { SvretriesFault } from './svretries-row.ts';

/** What became of a file's counters; without `applied`, what would. Every line is in one of the four. */
export interface ImportReport {
  /** Whether anything was to be written. */
  readonly applied: boolean;
  /** There was none for the pair. */
  readonly carriedOver: number;
  /** There was one as strict, and it was left alone. */
  readonly alreadyThere: number;
  /** There was one that let the next message go sooner, and it no longer does. */
  readonly madeStricter: number;
  readonly rejected: readonly RejectedLine[];
}

/** Where the counters go. */
export interface ImportTarget {
  readonly store: Store;
  readonly keys: Pick<KeyRing, 'counterKey' | 'fingerprint'>;
  /** Without it nothing is written. */
  readonly apply: boolean;
  /** Takes how many of them are written, should the store fail before all are. */
  readonly onStopped: (written: number) => void;
}

/** The table's program has four waits, and so has the default here. What is carried over depends on their number alone; their lengths are not in the table. */
const WAITS = DEFAULT_LIMITS.ladder;

/** Calls under way at once: enough for one transaction of SQLite to carry many, and little to keep in memory. */
const BATCH = 500;

/**
 * Reads counters from a CSV file; nothing is opened but that.
 *
 * @param utcOffset how far its times without a zone are ahead of UTC, in milliseconds.
 * @throws {CountersignError} `invalid_request` where it is no such file.
 */
export async function readCounters(path: string, utcOffset: number): Promise<SvretriesFile> {
  // Loaded when it is used: its parser takes 12 ms, a tenth of what any other command takes.
  const { readSvretries } = await import('./read-svretries.ts');
  return readSvretries(path, { utcOffset, maxCount: WAITS.length, now: Date.now() });
}

/**
 * Carries counters over, or looks at what would become of them. It may be run again: what has been carried over is already there then.
 *
 * @throws {CountersignError} `configuration_invalid` where the store was begun with another secret, under which nobody would find the counters;
 * `store_unavailable` where it fails.
 */
export async function importCounters({ rows, rejected }: SvretriesFile, { store, keys, apply, onStopped }: ImportTarget): Promise<ImportReport> {
  const run = apply
    ? <T>(key: RecordKey, decide: Decide<T>) => store.update(key, decide)
    : <T>(key: RecordKey, decide: Decide<T>) => look(store, key, decide);
  await run(FINGERPRINT_KEY, decideFingerprint(keys.fingerprint));
  const counts: Record<CarryOverOutcome, number> = { carried_over: 0, already_there: 0, made_stricter: 0 };
  for (let start = 0; start < rows.length; start += BATCH) {
    const batch = rows.slice(start, start + BATCH).map((row) => run(...toUpdate(row, keys)));
    // All of them, so that none is under way any more when the store is closed.
    const settled = await Promise.allSettled(batch);
    for (const outcome of settled) if (outcome.status === 'fulfilled') counts[outcome.value] += 1;
    const failed = settled.find((outcome) => outcome.status === 'rejected');
    if (failed === undefined) continue;
    if (apply) onStopped(counts.carried_over + counts.made_stricter);
    throw failed.reason;
  }
  return { applied: apply, carriedOver: counts.carried_over, alreadyThere: counts.already_there, madeStricter: counts.made_stricter, rejected };
}

/** What an update would answer; nothing is written. */
async function look<T>(store: Store, key: RecordKey, decide: Decide<T>): Promise<T> {
  const { body, now } = await store.read(key);
  return decide(body, now).result;
}

function toUpdate({ uniqueId, userId, ...row }: SvretriesRow, keys: ImportTarget['keys']): [RecordKey, Decide<CarryOverOutcome>] {
  const key = keys.counterKey(uniqueId, userId);
  return [toCounterRecordKey(key.id), decideCarryOver({ key, ...row, waits: WAITS })];
}
