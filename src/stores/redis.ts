import type { Clock } from '../core/clock.ts';
import { CountersignError } from '../core/errors.ts';
import { closedError } from './batch.ts';
import { type CompareAndSet, createCompareAndSet } from './compare-and-set.ts';
import { assertClient, type RedisClient } from './redis/client.ts';
import { createRedisDriver } from './redis/driver.ts';
import { assertJournalCursor, RedisJournal } from './redis/journal.ts';
import { createRedisKeys, type RedisKeys } from './redis/keys.ts';
import { RedisLink } from './redis/link.ts';
import { RedisListIndex } from './redis/list-index.ts';
import { parseRecord } from './redis/record-text.ts';
import type { RedisWait } from './redis/replica-wait.ts';
import { READ, toTimeArgument } from './redis/scripts.ts';
import { assertRisks, type RedisRisk } from './redis/start-check.ts';
import { assertEntries, assertPageSize, assertRecordKey, toStorableDecide } from './storable.ts';
import type { Decide, JournalEntry, JournalFilter, JournalPage, ListedRecord, RecordKey, Snapshot, Store, StoreDescription } from './store.ts';

/** Settings of {@link createRedisStore}. Either `url` or `client` is needed. */
export interface RedisStoreOptions {
  /**
   * `redis://user:password@host:port/database`, or `rediss://` with TLS; for a cluster a list of the URLs of some of its nodes, without a database. The store
   * makes a client of its own then, on first use, for which it needs the package `ioredis`.
   */
  readonly url?: string | readonly string[];
  /** A client of yours, such as one of ioredis or another in its shape. It stays open when the store is closed. */
  readonly client?: RedisClient;
  /**
   * What the name of every key begins with. Two applications on one server need two. On a cluster leave out `{` and `}`: all records would lie on one
   * node.
   * @defaultValue `countersign:`
   */
  readonly prefix?: string;
  /**
   * Settings of the server that you know to be dangerous and want all the same. Without them a server that has them is refused, on first use and whenever
   * it was connected to anew: one whose `maxmemory-policy` may drop records (`eviction`), and one that keeps no append-only file (`no_append_only_file`).
   * @defaultValue none
   */
  readonly acknowledge?: readonly RedisRisk[];
  /**
   * Waits after each write until so many replicas have it, at most `timeout` milliseconds (1–1500), and then answers in any case. It narrows what a
   * fail-over loses, and costs a round trip to a replica, during which other calls of the same process to the same server wait. A server whose
   * replicas were not there in time is not waited for in the 5 s after.
   * @defaultValue no waiting
   */
  readonly wait?: RedisWait;
  /**
   * How long one command may take, in milliseconds. Shorter gives up on a slow server, longer makes callers wait for a dead wire.
   * @defaultValue 2000
   */
  readonly timeout?: number;
  /**
   * For tests: where `now` comes from. Nothing is then cached.
   * @defaultValue the server's clock
   */
  readonly clock?: Clock;
}

export type { RedisClient, RedisRisk, RedisWait };

/**
 * A store on Redis or Valkey, 6.2 or later: one server, or a cluster. What it survives is for the server's settings to say: see docs/redis.md.
 *
 * It connects on first use. Until the server is reached, and found fit, every call rejects: with `configuration_invalid` when it never will be as it is
 * configured, else with `store_unavailable`; each later call tries anew.
 *
 * @throws CountersignError `configuration_invalid` for options that make no sense.
 * @example
 * const store = createRedisStore({ url: 'redis://127.0.0.1:6379' });
 * await store.update({ kind: 'hits', partition: '', id: 'home' }, (current) => {
 *   const hits = Number(current ?? '0') + 1;
 *   return { result: hits, next: { body: String(hits), expiresAt: undefined } };
 * });
 * await store.close();
 */
export function createRedisStore(options: RedisStoreOptions = {}): Store {
  const { url, client, prefix = 'countersign:', acknowledge = [], wait, timeout = 2_000, clock } = options;
  if ((url === undefined) === (client === undefined)) throw invalid('url', 'either url or client must be given');
  if (client !== undefined) assertClient(client);
  if (typeof prefix !== 'string' || prefix === '' || prefix.includes('\0'))
    throw invalid('prefix', 'prefix must be a text of at least one character');
  if (!(Number.isFinite(timeout) && timeout >= 1)) throw invalid('timeout', 'timeout must be a number of milliseconds of at least 1');
  assertRisks(acknowledge);
  if (wait && !isWait(wait)) throw invalid('wait', 'wait must have at least 1 replicas, and a timeout of 1 to 1500 milliseconds');
  const link = new RedisLink({ url, client, acknowledge: [...acknowledge], wait: wait && { ...wait }, timeout });
  return new RedisStore(link, createRedisKeys(prefix), clock, timeout);
}

class RedisStore implements Store {
  readonly #link: RedisLink;
  readonly #keys: RedisKeys;
  readonly #clock: Clock | undefined;
  readonly #index: RedisListIndex;
  readonly #journal: RedisJournal;
  readonly #loop: CompareAndSet;
  /** What is under way beside updates; closing waits for it. */
  readonly #underWay = new Set<Promise<unknown>>();
  #closing: Promise<void> | undefined;

  constructor(link: RedisLink, keys: RedisKeys, clock: Clock | undefined, timeout: number) {
    this.#link = link;
    this.#keys = keys;
    this.#clock = clock;
    this.#index = new RedisListIndex({ link, keys, clock });
    this.#journal = new RedisJournal({ link, keys, clock });
    const driver = createRedisDriver({ link, keys, clock, index: this.#index, journal: this.#journal });
    this.#loop = createCompareAndSet(driver, { callTimeout: timeout, ...(clock && { cacheSize: 0 }) });
  }

  async update<T>(key: RecordKey, decide: Decide<T>): Promise<T> {
    this.#assertOpen();
    assertRecordKey(key);
    return this.#loop.update(key, toStorableDecide(decide));
  }

  async read(key: RecordKey): Promise<Snapshot> {
    this.#assertOpen();
    assertRecordKey(key);
    const reply = await this.#untilDone(this.#link.ask(READ, [this.#keys.record(key)], [toTimeArgument(this.#clock)]));
    const [now, text] = reply as [number, string | null];
    return { body: text === null ? undefined : parseRecord(text).body, now };
  }

  async list(kind: string, partition: string, after: string | undefined, limit: number): Promise<readonly ListedRecord[]> {
    this.#assertOpen();
    assertRecordKey({ kind, partition, id: after ?? '' });
    assertPageSize(limit);
    return this.#untilDone(this.#index.list(kind, partition, after, limit));
  }

  async append(entries: readonly JournalEntry[]): Promise<void> {
    this.#assertOpen();
    assertEntries(entries);
    await this.#untilDone(this.#journal.append(entries.map((entry) => ({ ...entry }))));
  }

  async entries(filter: JournalFilter, cursor: string | undefined): Promise<JournalPage> {
    this.#assertOpen();
    assertPageSize(filter.limit);
    assertJournalCursor(cursor);
    return this.#untilDone(this.#journal.page({ ...filter }, cursor));
  }

  /** Trims the journal. Records go by themselves, so that it resolves with 0. */
  async sweep(limit: number): Promise<number> {
    this.#assertOpen();
    await this.#untilDone(this.#journal.sweep(limit));
    return 0;
  }

  /** Reaches every master, and writes on one of them. */
  async ping(): Promise<void> {
    this.#assertOpen();
    const each = this.#link.callEach(async (call) => {
      await call('ping');
    });
    await this.#untilDone(Promise.all([each, this.#link.call('set', this.#keys.ping, '', 'PX', '60000')]));
  }

  close(): Promise<void> {
    this.#closing ??= this.#finish();
    return this.#closing;
  }

  describe(): StoreDescription {
    return { name: 'redis', durable: true };
  }

  #assertOpen(): void {
    if (this.#closing !== undefined) throw closedError('redis');
  }

  async #untilDone<T>(work: Promise<T>): Promise<T> {
    this.#underWay.add(work);
    try {
      return await work;
    } finally {
      this.#underWay.delete(work);
    }
  }

  async #finish(): Promise<void> {
    await Promise.allSettled([this.#loop.close(), ...this.#underWay]);
    this.#link.close();
  }
}

function isWait({ replicas, timeout }: RedisWait): boolean {
  return Number.isSafeInteger(replicas) && replicas >= 1 && Number.isSafeInteger(timeout) && timeout >= 1 && timeout <= 1_500;
}

function invalid(field: string, message: string): CountersignError {
  return new CountersignError('configuration_invalid', message, { field });
}
