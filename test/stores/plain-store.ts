import type { Clock } from '../../src/core/clock.ts';
import { CountersignError } from '../../src/core/errors.ts';
import {
  type Decide,
  type Decision,
  JOURNAL_RETENTION,
  type JournalEntry,
  type JournalFilter,
  type JournalPage,
  type ListedRecord,
  MAX_WRITE_AGE,
  MIN_RECORD_AGE,
  type RecordKey,
  type Snapshot,
  type Store,
  type StoreDescription,
} from '../../src/stores/store.ts';

export interface PlainRecord {
  readonly key: RecordKey;
  readonly body: string;
  readonly removableAt: number;
}

/** What every handle works on: a database that outlives them. */
export class PlainData {
  readonly clock: Clock;
  readonly records: Map<string, PlainRecord> = new Map();
  journal: { readonly seq: number; readonly entry: JournalEntry }[] = [];
  seq = 0;

  constructor(clock: Clock) {
    this.clock = clock;
  }
}

/** The contract in the fewest lines, right in everything. A broken store is one of these with a single method written as somebody once would. */
export class PlainStore implements Store {
  protected readonly data: PlainData;
  protected isClosed = false;

  constructor(data: PlainData) {
    this.data = data;
  }

  async update<T>(key: RecordKey, decide: Decide<T>): Promise<T> {
    this.assertOpen();
    for (;;) {
      const now = this.data.clock.now();
      const decision = decide(this.find(key)?.body, now);
      if (this.data.clock.now() - now > MAX_WRITE_AGE) continue;
      this.commit(key, decision, now);
      return decision.result;
    }
  }

  async read(key: RecordKey): Promise<Snapshot> {
    this.assertOpen();
    return { body: this.find(key)?.body, now: this.data.clock.now() };
  }

  async list(kind: string, partition: string, after: string | undefined, limit: number): Promise<readonly ListedRecord[]> {
    this.assertOpen();
    const records = [...this.data.records.values()].filter(({ key }) => key.kind === kind && key.partition === partition);
    const listed = records.map(({ key, body }) => ({ id: key.id, body })).sort((a, b) => this.compareIds(a.id, b.id));
    return listed.filter(({ id }) => after === undefined || this.compareIds(id, after) > 0).slice(0, limit);
  }

  async append(entries: readonly JournalEntry[]): Promise<void> {
    this.assertOpen();
    this.note(entries);
  }

  async entries(filter: JournalFilter, cursor: string | undefined): Promise<JournalPage> {
    this.assertOpen();
    const rest = this.data.journal.filter(({ seq, entry }) => seq > Number(cursor ?? '0') && this.matches(entry, filter));
    const page = rest.slice(0, filter.limit);
    return { entries: page.map(({ entry }) => entry), ...(rest.length > page.length && { cursor: String(page.at(-1)?.seq) }) };
  }

  async sweep(limit: number): Promise<number> {
    this.assertOpen();
    const now = this.data.clock.now();
    this.data.journal = this.data.journal.filter(({ entry }) => entry.at >= now - JOURNAL_RETENTION);
    const expired = [...this.data.records].filter(([, { removableAt }]) => removableAt <= now).slice(0, limit);
    for (const [name] of expired) this.data.records.delete(name);
    return expired.length;
  }

  async ping(): Promise<void> {
    this.assertOpen();
  }

  async close(): Promise<void> {
    this.isClosed = true;
  }

  describe(): StoreDescription {
    return { name: 'plain', durable: false };
  }

  protected assertOpen(): void {
    if (this.isClosed) throw new CountersignError('store_unavailable', 'the plain store is closed');
  }

  protected find(key: RecordKey): PlainRecord | undefined {
    return this.data.records.get(this.toName(key));
  }

  protected toName({ kind, partition, id }: RecordKey): string {
    return JSON.stringify([kind, partition, id]);
  }

  protected compareIds(a: string, b: string): number {
    return a < b ? -1 : Number(a > b);
  }

  protected commit<T>(key: RecordKey, { next, entries = [] }: Decision<T>, now: number): void {
    if (next) this.data.records.set(this.toName(key), { key, body: next.body, removableAt: this.toRemovableAt(next.expiresAt, now) });
    this.note(entries);
  }

  protected toRemovableAt(expiresAt: number | undefined, now: number): number {
    return Math.max(expiresAt ?? Number.POSITIVE_INFINITY, now + MIN_RECORD_AGE);
  }

  protected note(entries: readonly JournalEntry[]): void {
    for (const entry of entries) {
      this.data.seq += 1;
      this.data.journal.push({ seq: this.data.seq, entry });
    }
  }

  protected matches({ at, service, destination }: JournalEntry, filter: JournalFilter): boolean {
    const { from = at, until = at + 1 } = filter;
    return (filter.service ?? service) === service && (filter.destination ?? destination) === destination && at >= from && at < until;
  }
}
