import { keyText } from '../../src/stores/batch.ts';
import { type JournalEntry, MAX_WRITE_AGE, type RecordKey } from '../../src/stores/store.ts';
import { toNextVersion } from '../../src/stores/version.ts';
import type { VersionedDriver, VersionedSnapshot, VersionedWrite, WriteReply } from '../../src/stores/versioned-driver.ts';

/** Time that passes only when nothing else is left to do: a day of deadlines and back-off takes milliseconds, and the same each time. */
export interface Simulation {
  /** Milliseconds since the simulation began; also every process's monotonic clock. */
  now(): number;
  /** The `delay` of a loop. */
  delay(milliseconds: number, wake: () => void): () => void;
  /** Time passes and nobody runs, as when a process is stopped. Timers that came due fire afterwards. */
  jump(milliseconds: number): void;
  /** Resolves when no timer is left. */
  settled(): Promise<void>;
}

export function createSimulation(): Simulation {
  const timers = new Set<{ at: number; wake: () => void }>();
  const waiting: (() => void)[] = [];
  let time = 0;
  let armed = false;

  const arm = () => {
    if (armed) return;
    armed = true;
    // After an immediate every microtask runs, so whoever can go on has done so before the clock does.
    setImmediate(step);
  };
  const step = () => {
    armed = false;
    let first: { at: number; wake: () => void } | undefined;
    for (const timer of timers) if (!first || timer.at < first.at) first = timer;
    if (first) {
      timers.delete(first);
      time = Math.max(time, first.at);
      first.wake();
      arm();
    } else {
      for (const resolve of waiting.splice(0)) resolve();
    }
  };

  return {
    now: () => time,
    delay: (milliseconds, wake) => {
      const timer = { at: time + milliseconds, wake };
      timers.add(timer);
      arm();
      return () => timers.delete(timer);
    },
    jump: (milliseconds) => {
      time += milliseconds;
    },
    settled: () =>
      new Promise((resolve) => {
        waiting.push(resolve);
        arm();
      }),
  };
}

/** What becomes of one call of the driver. Without anything it arrives, is done and is answered at once. */
export interface Fate {
  /** Milliseconds until the call reaches the store. */
  readonly requestTakes?: number;
  /** Happens in the store just before it is done. */
  readonly before?: () => void;
  /** When it is done after its arrival: `now`, `never`, or so many milliseconds later, whatever was replied meanwhile. Default `now`. */
  readonly lands?: 'now' | 'never' | number;
  /** Happens in the store just after it was done. */
  readonly after?: () => void;
  /** `sent_twice`: the client sends it again after a cut, and the reply is that of the second. Default `sent`. */
  readonly reply?: 'sent' | 'cut' | 'hung' | 'server_error' | 'deadlock' | 'sent_twice';
  /** Milliseconds that the reply is under way. */
  readonly replyTakes?: number;
}

/** What a driver's errors carry that no caller may ever see. */
export const DRIVER_SECRET = 'postgres://user:hunter2@db';

/** The error of this store's client: its message holds what must not get out. */
export class DriverError extends Error {
  override readonly name = 'DriverError';
  readonly code: string;

  constructor(code: string) {
    super(`${code} at ${DRIVER_SECRET}`);
    this.code = code;
  }
}

export interface StoredRecord {
  readonly body: string;
  readonly version: string;
  readonly expiresAt: number | undefined;
}

export interface CutStoreOptions {
  /** False for a driver that forgets to compare versions. */
  readonly checksVersion?: boolean;
  /** False for a driver that forgets to compare the age of a write. */
  readonly checksAge?: boolean;
  /** Random bytes for the versions of other writers. */
  readonly random: (size: number) => Uint8Array;
}

/** A store in memory whose wire can be cut at any point. Its clock is ten days ahead of the processes'. */
export interface CutStore {
  /** Calls that arrived. */
  readonly counts: { reads: number; writes: number };
  readonly journal: JournalEntry[];
  readonly records: Map<string, StoredRecord>;
  now(): number;
  /** A process's connection; the functions tell what becomes of each call. */
  connect(fates?: { read?: () => Fate | undefined; write?: (write: VersionedWrite) => Fate | undefined }): VersionedDriver;
  body(key: RecordKey): string | undefined;
  /** Another process writes, by the rules. */
  writeAsOther(key: RecordKey, change: (body: string | undefined) => string): void;
  /** Removes what has expired. */
  sweep(): void;
}

export function createCutStore(simulation: Simulation, { checksVersion = true, checksAge = true, random }: CutStoreOptions): CutStore {
  const counts = { reads: 0, writes: 0 };
  const journal: JournalEntry[] = [];
  const records = new Map<string, StoredRecord>();
  const now = () => simulation.now() + 864_000_000;
  const pass = (milliseconds: number) => new Promise<void>((resolve) => void simulation.delay(milliseconds, resolve));

  const read = (key: RecordKey): VersionedSnapshot => {
    counts.reads++;
    const record = records.get(keyText(key));
    return record ? { version: record.version, body: record.body, now: now() } : { now: now() };
  };

  const write = ({ key, expected, version, body, expiresAt, readAt, entries }: VersionedWrite): WriteReply => {
    counts.writes++;
    if (readAt > now()) throw new Error('the loop claims to have read in the future');
    const fits = !checksVersion || records.get(keyText(key))?.version === expected;
    const inTime = !checksAge || now() - readAt <= MAX_WRITE_AGE;
    if (!fits || !inTime) return { applied: false, now: now() };
    records.set(keyText(key), { body, version, expiresAt });
    journal.push(...entries);
    return { applied: true, now: now() };
  };

  const meet = async <T>(fate: Fate, run: () => T): Promise<T> => {
    const { requestTakes = 0, before, lands = 'now', after, reply = 'sent', replyTakes = 0 } = fate;
    if (requestTakes > 0) await pass(requestTakes);
    if (reply === 'server_error') throw new DriverError('SYNTAX');
    if (reply === 'deadlock') throw new DriverError('DEADLOCK');
    before?.();
    const answer = lands === 'now' ? run() : undefined;
    if (typeof lands === 'number') void simulation.delay(lands, run);
    after?.();
    const second = reply === 'sent_twice' ? run() : answer;
    if (replyTakes > 0) await pass(replyTakes);
    if (reply === 'hung') await new Promise(() => {});
    if (reply === 'cut' || second === undefined) throw new DriverError('ECONNRESET');
    return second;
  };

  return {
    counts,
    journal,
    records,
    now,
    connect: (fates = {}) => ({
      name: 'cut',
      read: (key) => meet(fates.read?.() ?? {}, () => read(key)),
      write: (written) => meet(fates.write?.(written) ?? {}, () => write(written)),
      classify: (error) => {
        const code = error instanceof DriverError ? error.code : '';
        if (code === 'SYNTAX') return 'not_applied';
        return code === 'DEADLOCK' ? 'conflict' : 'unknown';
      },
    }),
    body: (key) => records.get(keyText(key))?.body,
    writeAsOther: (key, change) => {
      const record = records.get(keyText(key));
      records.set(keyText(key), { body: change(record?.body), version: toNextVersion(record?.version, random).version, expiresAt: undefined });
    },
    sweep: () => {
      for (const [id, { expiresAt }] of records) if (expiresAt !== undefined && expiresAt <= now()) records.delete(id);
    },
  };
}

/** Bytes that look random and are the same for the same seed (mulberry32), so that a failing run can be run again. */
export function createSeededRandom(seed: number): (size: number) => Uint8Array {
  let state = seed >>> 0;
  const nextByte = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 16) & 0xff;
  };
  return (size) => Uint8Array.from({ length: size }, nextByte);
}
