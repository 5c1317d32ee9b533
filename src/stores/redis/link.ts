import { CountersignError } from '../../core/errors.ts';
import { createOwnClient, type OwnClient, parseUrls, type RedisClient } from './client.ts';
import { asUnsent, type ConnectionFailure, replyWord, toConnectionFailure, toStoreError } from './errors.ts';
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
  readonly #gather: () => void = createTurnWrites(() => this.#known());
  /** Connections whose server was found fit, or is being looked at: a server that comes back may have other settings. */
  readonly #looked = new WeakSet<object>();
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
    const client = this.#fit() ?? (await this.#open());
    const rest = [String(keys.length), ...keys, ...args];
    try {
      this.#assertThere();
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
    const client = this.#fit() ?? (await this.#within(this.#open()));
    return this.#callOn(client, command, ...args);
  }

  /** Makes one call of every master. */
  async callEach(make: (call: (command: string, ...args: string[]) => Promise<unknown>) => Promise<void>): Promise<void> {
    const client = this.#fit() ?? (await this.#within(this.#open()));
    await Promise.all(toMasters(client).map((master) => make((command, ...args) => this.#callOn(master, command, ...args))));
  }

  /** Lets go of a client that was made here; one that was handed in is its owner's. */
  close(): void {
    this.#own?.close();
  }

  /** The client, if it can be used without a look at its server. */
  #fit(): RedisClient | undefined {
    this.#gather();
    return this.#ready;
  }

  /** The masters there are. What has connected anew since it was looked at is looked at again, once in a turn at most. */
  #known(): readonly Master[] {
    const masters = this.#masters();
    const strangers = masters.filter((master) => !this.#looked.has(toConnection(master)));
    if (this.#ready?.nodes) for (const master of strangers) void this.#lookAgain(master);
    // Of a single server all waits for the answer, as on first use: also where its connection is over, and there may be another in a moment.
    else if (strangers.length > 0 || masters.some(({ stream }) => stream?.destroyed)) this.#ready = undefined;
    return masters;
  }

  /** Looks at one master of a cluster, while the others go on; where it is not fit, every call waits until it is. */
  async #lookAgain(master: Master): Promise<void> {
    this.#looked.add(toConnection(master));
    try {
      await this.#assertKeeps(master);
    } catch (error) {
      // One that does not answer has lost its connection: the next is another.
      if (error instanceof CountersignError) this.#ready = undefined;
    }
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
      throw asUnsent(this.#toError(error));
    }
    this.#ready = client;
    return client;
  }

  async #check(client: RedisClient): Promise<void> {
    await this.#assertDatabase(client);
    // It is answered when a cluster's client knows the nodes.
    if (client.nodes) await client.call('ping');
    await Promise.all(toMasters(client).map((master) => this.#assertKeeps(master, !client.nodes)));
  }

  async #assertKeeps(master: Master, isAlone = false): Promise<void> {
    const { acknowledge } = this.#options;
    // Whoever acknowledges everything may have a server that does not say: then nothing is asked.
    const isAsked = !(acknowledge.includes('eviction') && acknowledge.includes('no_append_only_file'));
    const info = isAsked ? String(await master.call('info')) : '';
    // The one that has answered just now.
    this.#looked.add(toConnection(master));
    if (!isAsked) return;
    if (isAlone) assertAlone(info);
    assertKeepsRecords(info, acknowledge);
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

  #masters(): readonly Master[] {
    return this.#ready ? toMasters(this.#ready) : [];
  }

  #assertThere(): void {
    if (this.#own?.isAway()) throw this.#toError(undefined);
  }

  #toError(error: unknown): CountersignError {
    // The client connects anew then, and says of what is asked meanwhile only that there is no connection.
    if (replyWord(error) === 'READONLY') this.#note(error);
    return toStoreError(error, this.#fresh(), this.#isTls);
  }

  get #isTls(): boolean {
    return this.#endpoints[0]?.tls !== undefined;
  }

  /** Keeps in mind why there is no connection. What says no more than that does not replace what does. */
  #note(error: unknown): void {
    const failure = toConnectionFailure(error, this.#isTls);
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
        const late = new CountersignError('store_unavailable', 'the Redis server does not answer in time: look at its load, and at the network', {
          cause,
        });
        // While there is no connection the reason for that says more.
        const noted = this.#ready ? undefined : this.#fresh();
        reject(noted ? toStoreError(undefined, noted) : late);
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

/** A server that takes writes, by what it is asked through. */
type Master = Pick<RedisClient, 'call' | 'stream'>;

function toMasters(client: RedisClient): readonly Master[] {
  return client.nodes?.('master') ?? [client];
}

/** What is another one when a client has connected anew, where it shows that. */
function toConnection(master: Master): object {
  return master.stream ?? master;
}
