import { createHash } from 'node:crypto';
import { Redis } from 'ioredis';

const SOURCE = `
if redis.call('GETRANGE', KEYS[1], 0, #ARGV[1] - 1) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1
`;
const SHA = createHash('sha1').update(SOURCE).digest('hex');

/**
 * The least that any limiter on Redis has to do: one script per operation that compares the version of one key and sets it with a lifetime, on a connection
 * of its own, by the client that the store uses. It reads nothing, decides nothing, and takes its texts ready made.
 */
export class RedisFloor {
  readonly #redis: Redis;
  readonly #prefix: string;

  constructor(url: string, prefix: string) {
    this.#redis = new Redis(url, { maxRetriesPerRequest: 0, autoResendUnfulfilledCommands: false });
    this.#prefix = prefix;
  }

  /** Puts texts in, not to be timed. */
  async fill(texts: ReadonlyMap<string, string>): Promise<void> {
    await this.#redis.script('LOAD', SOURCE);
    const pipeline = this.#redis.pipeline();
    for (const [id, text] of texts) pipeline.set(this.#prefix + id, text, 'PX', 3_600_000);
    await pipeline.exec();
  }

  /** Replaces the text of a key that begins with `version`. */
  async replace(id: string, version: string, text: string): Promise<void> {
    const replaced = await this.#redis.evalsha(SHA, 1, this.#prefix + id, version, text, '3600000');
    if (replaced !== 1) throw new Error('the floor missed a key');
  }

  /** How many scripts the server has run, for anybody. */
  async scriptsRun(): Promise<number> {
    return Number(/cmdstat_evalsha:calls=(\d+)/.exec(await this.#redis.info('commandstats'))?.[1] ?? 0);
  }

  /** The server's version, and how many seconds of CPU it has used. */
  async describe(): Promise<{ version: string; cpuSeconds: number }> {
    const info = await this.#redis.info();
    const field = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1] ?? '';
    return { version: field('redis_version'), cpuSeconds: Number(field('used_cpu_user')) + Number(field('used_cpu_sys')) };
  }

  /** What the server's data takes, in bytes, anybody's. */
  async usedMemory(): Promise<number> {
    return Number(/^used_memory:(\d+)/m.exec(await this.#redis.info('memory'))?.[1]);
  }

  /** Removes every key under a prefix. */
  async remove(prefix: string): Promise<void> {
    let cursor = '0';
    do {
      const [next, names] = await this.#redis.scan(cursor, 'MATCH', `${prefix}*`, 'COUNT', 1_000);
      if (names.length > 0) await this.#redis.unlink(...names);
      cursor = next;
    } while (cursor !== '0');
  }

  close(): void {
    this.#redis.disconnect();
  }
}
