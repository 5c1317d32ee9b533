import { CountersignError } from '../../src/core/errors.ts';
import {
  type Decide,
  type Decision,
  type JournalEntry,
  type JournalFilter,
  type JournalPage,
  type ListedRecord,
  MAX_WRITE_AGE,
  MIN_RECORD_AGE,
  type RecordKey,
  type StoreDescription,
} from '../../src/stores/store.ts';
import { type PlainRecord, PlainStore } from './plain-store.ts';

/** A round trip to a database: everybody else has a turn meanwhile. */
const roundTrip = () => new Promise((resolve) => setImmediate(resolve));

/** A few turns later, but before anything that waits for the outside world. */
async function aMomentLater(): Promise<void> {
  for (let turns = 0; turns < 6; turns += 1) await null;
}

/** Reads, decides, writes, and never looks whether the record is still what it decided on. */
export class LosesUpdates extends PlainStore {
  override async update<T>(key: RecordKey, decide: Decide<T>): Promise<T> {
    this.assertOpen();
    for (;;) {
      const before = this.find(key);
      const now = this.data.clock.now();
      await roundTrip();
      const decision = decide(before?.body, now);
      if (this.data.clock.now() - now > MAX_WRITE_AGE) continue;
      this.commit(key, decision, now);
      return decision.result;
    }
  }
}

/** Compares the record before it writes, but has nothing to compare where there was none. */
export class InsertsUnchecked extends PlainStore {
  override async update<T>(key: RecordKey, decide: Decide<T>): Promise<T> {
    this.assertOpen();
    for (;;) {
      const before = this.find(key);
      const now = this.data.clock.now();
      await roundTrip();
      const decision = decide(before?.body, now);
      const isUnchanged = before === undefined || before === this.find(key);
      if (!isUnchanged || this.data.clock.now() - now > MAX_WRITE_AGE) continue;
      this.commit(key, decision, now);
      return decision.result;
    }
  }
}

/** Keeps what it wrote last, and refuses by that without asking whether anybody has written since. */
export class RefusesByCache extends PlainStore {
  readonly #cache = new Map<string, string>();

  override async update<T>(key: RecordKey, decide: Decide<T>): Promise<T> {
    const cached = this.#cache.get(this.toName(key));
    const guess = cached === undefined ? undefined : decide(cached, this.data.clock.now());
    if (guess && !guess.next && !this.isClosed) return guess.result;
    const result = await super.update(key, decide);
    const body = this.find(key)?.body;
    if (body !== undefined) this.#cache.set(this.toName(key), body);
    return result;
  }
}

/** Answers when the write is on its way: its own process sees it at once, the others a moment later. */
export class AnswersEarly extends PlainStore {
  readonly #underWay = new Map<string, PlainRecord>();

  protected override find(key: RecordKey): PlainRecord | undefined {
    return this.#underWay.get(this.toName(key)) ?? super.find(key);
  }

  protected override commit<T>(key: RecordKey, decision: Decision<T>, now: number): void {
    const { next } = decision;
    if (!next) {
      super.commit(key, decision, now);
      return;
    }
    const record = { key, body: next.body, removableAt: this.toRemovableAt(next.expiresAt, now) };
    this.#underWay.set(this.toName(key), record);
    void aMomentLater().then(() => {
      super.commit(key, decision, now);
      if (this.#underWay.get(this.toName(key)) === record) this.#underWay.delete(this.toName(key));
    });
  }
}

/** Keeps everything in the process until the last moment, and its process ends before that. */
export class LosesAllAtTheEnd extends PlainStore {
  override async close(): Promise<void> {
    await super.close();
    this.data.records.clear();
  }
}

/** Takes a body half as long as the one before for a wish to delete. */
export class DeletesShortRecords extends PlainStore {
  protected override commit<T>(key: RecordKey, decision: Decision<T>, now: number): void {
    const before = this.find(key);
    super.commit(key, decision, now);
    if (before && decision.next && decision.next.body.length * 2 < before.body.length) this.data.records.delete(this.toName(key));
  }
}

/** Sweeps whatever has expired, however young. */
export class SweepsTooEarly extends PlainStore {
  protected override toRemovableAt(expiresAt: number | undefined): number {
    return expiresAt ?? Number.POSITIVE_INFINITY;
  }
}

/** Sets the expiry when it makes a record, and forgets it when it writes one again. */
export class KeepsTheFirstExpiry extends PlainStore {
  protected override commit<T>(key: RecordKey, decision: Decision<T>, now: number): void {
    const removableAt = this.find(key)?.removableAt;
    super.commit(key, decision, now);
    const record = this.find(key);
    if (record && removableAt !== undefined) this.data.records.set(this.toName(key), { ...record, removableAt });
  }
}

/** Sweeps all there is, and says so. */
export class SweepsWithoutLimit extends PlainStore {
  override sweep(): Promise<number> {
    return super.sweep(Number.POSITIVE_INFINITY);
  }
}

/** Decides all calls of a tick in one go, and fails all of them where one throws. */
export class FailsTheWholeBatch extends PlainStore {
  #batch: { readonly run: () => () => void; readonly reject: (error: unknown) => void }[] = [];

  override update<T>(key: RecordKey, decide: Decide<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.assertOpen();
      if (this.#batch.length === 0) queueMicrotask(() => this.#decideAll());
      const run = () => {
        const now = this.data.clock.now();
        const decision = decide(this.find(key)?.body, now);
        this.commit(key, decision, this.data.clock.now());
        return () => resolve(decision.result);
      };
      this.#batch.push({ run, reject });
    });
  }

  #decideAll(): void {
    const batch = this.#batch;
    this.#batch = [];
    const before = new Map(this.data.records);
    const journal = [...this.data.journal];
    try {
      const deliveries = batch.map(({ run }) => run());
      for (const deliver of deliveries) deliver();
    } catch (error) {
      this.data.records.clear();
      for (const [name, record] of before) this.data.records.set(name, record);
      this.data.journal = journal;
      for (const { reject } of batch) reject(error);
    }
  }
}

/** Decides by the clock of its own machine, which is a minute ahead of the store's. */
export class DecidesByItsOwnClock extends PlainStore {
  override update<T>(key: RecordKey, decide: Decide<T>): Promise<T> {
    return super.update(key, (current, now) => decide(current, now + 60_000));
  }
}

/** Keeps its times in seconds. */
export class CountsInSeconds extends PlainStore {
  override update<T>(key: RecordKey, decide: Decide<T>): Promise<T> {
    return super.update(key, (current, now) => decide(current, Math.floor(now / 1_000) * 1_000));
  }
}

/** Applies a write however long its process stood still. */
export class WritesLate extends PlainStore {
  override async update<T>(key: RecordKey, decide: Decide<T>): Promise<T> {
    this.assertOpen();
    const now = this.data.clock.now();
    const decision = decide(this.find(key)?.body, now);
    this.commit(key, decision, now);
    return decision.result;
  }
}

/** Has a column that compares without regard to case and trailing blanks, as databases do that were set up for people's names. */
export class FoldsIds extends PlainStore {
  protected override toName({ kind, partition, id }: RecordKey): string {
    return JSON.stringify([kind, partition, id.toLowerCase().trimEnd()]);
  }
}

/** Joins the parts of a key by a sign that may be in them. */
export class JoinsKeys extends PlainStore {
  protected override toName({ kind, partition, id }: RecordKey): string {
    return [kind, partition, id].filter(Boolean).join(':');
  }
}

/** Parses a body and writes it anew. */
export class ParsesBodies extends PlainStore {
  protected override commit<T>(key: RecordKey, decision: Decision<T>, now: number): void {
    const { next } = decision;
    super.commit(key, next ? { ...decision, next: { ...next, body: reformat(next.body) } } : decision, now);
  }
}

/** Goes on answering after it was closed, from what it remembers. */
export class MakesDo extends PlainStore {
  protected override assertOpen(): void {}
}

/** Drops what is under way when it is closed. */
export class DropsCallsAtClose extends PlainStore {
  override async update<T>(key: RecordKey, decide: Decide<T>): Promise<T> {
    this.assertOpen();
    await null;
    return super.update(key, decide);
  }
}

/** Writes the journal each time it decides, and then finds out whether the record could be written. */
export class NotesEveryTry extends PlainStore {
  override async update<T>(key: RecordKey, decide: Decide<T>): Promise<T> {
    this.assertOpen();
    for (;;) {
      const before = this.find(key);
      const now = this.data.clock.now();
      const { entries = [], ...decision } = decide(before?.body, now);
      this.note(entries);
      await null;
      if (before !== this.find(key) || this.data.clock.now() - now > MAX_WRITE_AGE) continue;
      this.commit(key, decision, now);
      return decision.result;
    }
  }
}

/** Goes on behind the time of the last entry, though several may have the same. */
export class PagesByTime extends PlainStore {
  override async entries(filter: JournalFilter, cursor: string | undefined): Promise<JournalPage> {
    const { entries } = await super.entries({ ...filter, limit: 1_000 }, undefined);
    const rest = entries.filter(({ at }: JournalEntry) => cursor === undefined || at > Number(cursor));
    const page = rest.slice(0, filter.limit);
    return { entries: page, ...(rest.length > page.length && { cursor: String(page.at(-1)?.at) }) };
  }
}

/** Sorts as UTF-8 does, and with it most databases: beyond U+FFFF that is not the order of code units. */
export class ListsByCodePoint extends PlainStore {
  protected override compareIds(a: string, b: string): number {
    return Buffer.compare(Buffer.from(a), Buffer.from(b));
  }
}

/** Writes a minute of life into records that shall live for ever. */
export class LetsAllExpire extends PlainStore {
  protected override toRemovableAt(expiresAt: number | undefined, now: number): number {
    return super.toRemovableAt(expiresAt ?? now + MIN_RECORD_AGE, now);
  }
}

/** Sorts the calls of a tick by key, so that nobody deadlocks, and answers them by their place. */
export class AnswersByPlace extends PlainStore {
  #batch: {
    readonly name: string;
    readonly run: () => unknown;
    readonly resolve: (result: never) => void;
    readonly reject: (error: unknown) => void;
  }[] = [];

  override update<T>(key: RecordKey, decide: Decide<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.isClosed) return reject(new CountersignError('store_unavailable', 'the plain store is closed'));
      if (this.#batch.length === 0) queueMicrotask(() => this.#decideAll());
      this.#batch.push({ name: this.toName(key), run: () => this.#decide(key, decide), resolve, reject });
    });
  }

  #decide<T>(key: RecordKey, decide: Decide<T>): T {
    for (;;) {
      const now = this.data.clock.now();
      const decision = decide(this.find(key)?.body, now);
      if (this.data.clock.now() - now > MAX_WRITE_AGE) continue;
      this.commit(key, decision, now);
      return decision.result;
    }
  }

  #decideAll(): void {
    const batch = this.#batch;
    this.#batch = [];
    const sorted = batch.toSorted((a, b) => this.compareIds(a.name, b.name));
    for (const [place, { run }] of sorted.entries()) {
      const caller = batch[place];
      try {
        caller?.resolve(run() as never);
      } catch (error) {
        caller?.reject(error);
      }
    }
  }
}

/** Has a column for 64 KiB, of a database that cuts what is longer. */
export class CutsLongBodies extends PlainStore {
  protected override commit<T>(key: RecordKey, decision: Decision<T>, now: number): void {
    const { next } = decision;
    super.commit(key, next ? { ...decision, next: { ...next, body: next.body.slice(0, 65_535) } } : decision, now);
  }
}

/** Merges what is written into what was there. */
export class MergesBodies extends PlainStore {
  protected override commit<T>(key: RecordKey, decision: Decision<T>, now: number): void {
    const before = this.find(key)?.body;
    const { next } = decision;
    super.commit(key, next && before !== undefined ? { ...decision, next: { ...next, body: merge(before, next.body) } } : decision, now);
  }
}

/** Takes a decision that writes nothing for one that wants the record gone. */
export class DeletesWithoutNext extends PlainStore {
  protected override commit<T>(key: RecordKey, decision: Decision<T>, now: number): void {
    super.commit(key, decision, now);
    if (!decision.next) this.data.records.delete(this.toName(key));
  }
}

/** Hands on what the driver says of a missing row. */
export class DecidesOnNull extends PlainStore {
  override update<T>(key: RecordKey, decide: Decide<T>): Promise<T> {
    return super.update(key, (current, now) => decide(current ?? (null as unknown as undefined), now));
  }
}

/** Wraps every error into one of its own. */
export class WrapsErrors extends PlainStore {
  override async update<T>(key: RecordKey, decide: Decide<T>): Promise<T> {
    try {
      return await super.update(key, decide);
    } catch (cause) {
      throw new CountersignError('store_unavailable', 'the update failed', { cause });
    }
  }
}

/** Looks for what has expired, and removes it by name a moment later. */
export class SweepsWhatItSaw extends PlainStore {
  override async sweep(limit: number): Promise<number> {
    this.assertOpen();
    const now = this.data.clock.now();
    const expired = [...this.data.records].filter(([, { removableAt }]) => removableAt <= now).slice(0, limit);
    await roundTrip();
    return expired.filter(([name]) => this.data.records.delete(name)).length;
  }
}

/** Takes the end of a span of time for a part of it. */
export class IncludesTheEnd extends PlainStore {
  protected override matches(entry: JournalEntry, filter: JournalFilter): boolean {
    return super.matches(entry, filter.until === undefined ? filter : { ...filter, until: filter.until + 1 });
  }
}

/** Gives the journal newest first, as operators like it. */
export class NotesNewestFirst extends PlainStore {
  override async entries(filter: JournalFilter, cursor: string | undefined): Promise<JournalPage> {
    const { entries } = await super.entries({ ...filter, limit: 1_000 }, undefined);
    const offset = Number(cursor ?? '0');
    const page = entries.toReversed().slice(offset, offset + filter.limit);
    return { entries: page, ...(offset + page.length < entries.length && { cursor: String(offset + page.length) }) };
  }
}

/** Keeps its journal for a day. */
export class ForgetsTheJournal extends PlainStore {
  override async sweep(limit: number): Promise<number> {
    const removed = await super.sweep(limit);
    this.data.journal = this.data.journal.filter(({ entry }) => entry.at > this.data.clock.now() - 86_400_000);
    return removed;
  }
}

/** Lists what another tenant has as well. */
export class ListsAllPartitions extends PlainStore {
  override async list(kind: string, partition: string, after: string | undefined, limit: number): Promise<readonly ListedRecord[]> {
    const lists = await Promise.all([partition, 'others', 'mine', 'ids'].map((other) => super.list(kind, other, after, limit)));
    return [...new Map(lists.flat().map((listed) => [listed.id, listed])).values()].sort((a, b) => this.compareIds(a.id, b.id)).slice(0, limit);
  }
}

/** Throws where a promise is waited for. */
export class ThrowsAtTheCaller extends PlainStore {
  override ping(): Promise<void> {
    this.assertOpen();
    return Promise.resolve();
  }
}

/** Does not say what it is. */
export class HasNoName extends PlainStore {
  override describe(): StoreDescription {
    return { name: '', durable: false };
  }
}

/** Has one connection for all, and closes it with the first. */
export class ClosesForAll extends PlainStore {
  protected override assertOpen(): void {
    if (closed.has(this.data)) throw new CountersignError('store_unavailable', 'the plain store is closed');
  }

  override async close(): Promise<void> {
    closed.add(this.data);
  }
}

const closed = new WeakSet<object>();

function merge(before: string, body: string): string {
  try {
    return JSON.stringify({ ...JSON.parse(before), ...JSON.parse(body) });
  } catch {
    return body;
  }
}

function reformat(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body));
  } catch {
    return body;
  }
}
