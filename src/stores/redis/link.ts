import { CountersignError } from '../../core/errors.ts';
import { createOwnClient, type OwnClient, parseUrls, type RedisClient } from './client.ts';
import { type ConnectionFailure, replyWord, toConnectionFailure, toStoreError } from './errors.ts';
import { type RedisWait, ReplicaWait } from './replica-wait.ts';
import type { RedisScript } from './scripts.ts';
import { assertAlone, assertKeepsRecords, type RedisRisk } from './start-check.ts';
import { createTurnWrites } from './turn-writes.ts';

/** What a {@link RedisLink} is made of. */
export interface LinkOptions {
  /** One server, or the nodes of a cluster; undefined where a client was handed in. */
  readonly url: string | readonly string[] | undefined;
  readonly client: RedisClient | undefined;
  readonly acknowledge: readonly RedisRisk[];
  readonly wait: RedisWait | undefined;
  readonly timeout: number;
}

/** For so long is what a connection failed with the reason why there is none, in milliseconds. */
const NOTED = 5_000;

/** The way to a server or a cluster: connects and looks at its settings on first use, runs scripts, and says in our words what went wrong. */
export class RedisLink {
  readonly #options: LinkOptions;
  readonly #endpoints: ReturnType<typeof parseUrls>;
  readonly #replicaWait: ReplicaWait | undefined;
  /** To be called before a command is sent. */
  readonly #gather: () => void = createTurnWrites(() => this.#masters());
  #own: OwnClient | undefined;
  /** Set once the server was reached and found fit. */
  #ready: RedisClient | undefined;
  #opening: Promise<RedisClient> | undefined;
  #noted: { readonly failure: ConnectionFailure; readonly at: number } | undefined;

  /** @throws CountersignError `configuration_invalid` for a URL that is none. */
  constructor(options: LinkOptions) {
    this.#options = options;
    this.#endpoints = options.url === undefined ? [] : parseUrls(options.url);
    this.#replicaWait = options.wait && new ReplicaWait(options.wait, () => this.#masters());
  }

  /** Runs a script. It waits as long as the client does: who calls has a deadline of his own. */
  async run(script: RedisScript, keys: readonly string[], args: readonly string[]): Promise<unknown> {
    const client = this.#ready ?? (await this.#open());
    const rest = [String(keys.length), ...keys, ...args];
    try {
      this.#assertThere();
      this.#gather();
      return await client.call('evalsha', script.sha, ...rest);
    } catch (error) {
      if (replyWord(error) !== 'NOSCRIPT') throw this.#toError(error);
    }
    try {
      return await client.call('eval', script.source, ...rest);
    } catch (error) {
      throw this.#toError(error);
    }
  }

  /** Resolves when replicas have what was written before, or did not have it in time; at once where that is not asked for. */
  async replicated(): Promise<void> {
    await this.#replicaWait?.settle();
  }

  /** Runs a script, and gives it a deadline. */
  ask(script: RedisScript, keys: readonly string[], args: readonly string[]): Promise<unknown> {
    return this.#within(this.run(script, keys, args));
  }

  /** Makes one call that is about one key, and gives it a deadline. */
  async call(command: string, ...args: string[]): Promise<unknown> {
    const client = this.#ready ?? (await this.#within(this.#open()));
    return this.#callOn(client, command, ...args);
  }

  /** Makes one call of every master. */
  async callEach(make: (call: (command: string, ...args: string[]) => Promise<unknown>) => Promise<void>): Promise<void> {
    const client = this.#ready ?? (await this.#within(this.#open()));
    await Promise.all(toMasters(client).map((master) => make((command, ...args) => this.#callOn(master, command, ...args))));
  }

  /** Lets go of a client that was made here; one that was handed in is its owner's. */
  close(): void {
    this.#own?.close();
  }

  async #callOn(client: Pick<RedisClient, 'call'>, command: string, ...args: string[]): Promise<unknown> {
    this.#assertThere();
    try {
      return await this.#within(client.call(command, ...args));
    } catch (error) {
      throw this.#toError(error);
    }
  }

  #open(): Promise<RedisClient> {
    this.#opening ??= this.#connect().finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  async #connect(): Promise<RedisClient> {
    const { url, client: handedIn, timeout } = this.#options;
    if (!handedIn) this.#own ??= await createOwnClient(this.#endpoints, Array.isArray(url), timeout, (error) => this.#note(error));
    const client = handedIn ?? this.#own?.client;
    if (!client) throw new TypeError('there is neither a url nor a client');
    try {
      await this.#own?.connect();
      this.#assertThere();
      await this.#check(client);
    } catch (error) {
      if (!(error instanceof CountersignError)) this.#note(error);
      throw this.#toError(error);
    }
    this.#ready = client;
    return client;
  }

  async #check(client: RedisClient): Promise<void> {
    const { acknowledge } = this.#options;
    await this.#assertDatabase(client);
    // Whoever acknowledges everything may have a server that does not say: then nothing is asked.
    if (acknowledge.includes('eviction') && acknowledge.includes('no_append_only_file')) return;
    // It is answered when a cluster's client knows the nodes.
    if (client.nodes) await client.call('ping');
    await Promise.all(
      toMasters(client).map(async (master) => {
        const info = String(await master.call('info'));
        if (!client.nodes) assertAlone(info);
        assertKeepsRecords(info, acknowledge);
      }),
    );
  }

  /** Ensure that the database of the url is the one that is used: a client that cannot select it goes on with the first. */
  async #assertDatabase(client: RedisClient): Promise<void> {
    const db = this.#endpoints[0]?.db;
    if (db === undefined || client.nodes) return;
    try {
      await client.call('select', String(db));
    } catch (cause) {
      if (replyWord(cause) === undefined) throw cause;
      const message = 'the Redis server does not have the database of the url: name another, or set its "databases" higher';
      throw new CountersignError('configuration_invalid', message, { field: 'url', cause });
    }
  }

  #masters(): ReturnType<typeof toMasters> {
    return this.#ready ? toMasters(this.#ready) : [];
  }

  #assertThere(): void {
    if (this.#own?.isAway()) throw this.#toError(undefined);
  }

  #toError(error: unknown): CountersignError {
    // The client connects anew then, and says of what is asked meanwhile only that there is no connection.
    if (replyWord(error) === 'READONLY') this.#note(error);
    return toStoreError(error, this.#fresh());
  }

  /** Keeps in mind why there is no connection. What says no more than that does not replace what does. */
  #note(error: unknown): void {
    const failure = toConnectionFailure(error);
    if (failure.isVague && this.#fresh()) return;
    this.#noted = { failure, at: performance.now() };
  }

  #fresh(): ConnectionFailure | undefined {
    return this.#noted && performance.now() - this.#noted.at < NOTED ? this.#noted.failure : undefined;
  }

  #within<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const { timeout } = this.#options;
      const timer = setTimeout(() => {
        const cause = { name: 'TimeoutError' };
        reject(
          new CountersignError('store_unavailable', 'the Redis server does not answer in time: look at its load, and at the network', { cause }),
        );
      }, timeout);
      const settled = async () => {
        try {
          resolve(await work);
        } catch (error) {
          reject(error);
        } finally {
          clearTimeout(timer);
        }
      };
      void settled();
    });
  }
}

function toMasters(client: RedisClient): readonly Pick<RedisClient, 'call' | 'stream'>[] {
  return client.nodes?.('master') ?? [client];
}
