import type { Clock } from '../../core/clock.ts';
import { fromSortable, toSortable } from '../sortable-id.ts';
import { type ListedRecord, MIN_RECORD_AGE, type RecordKey } from '../store.ts';
import type { RedisKeys } from './keys.ts';
import type { RedisLink } from './link.ts';
import { parseRecord } from './record-text.ts';
import { ENLIST, MISS, READ, toTimeArgument } from './scripts.ts';

/** What a {@link RedisListIndex} works with. */
export interface ListParts {
  readonly link: RedisLink;
  readonly keys: RedisKeys;
  readonly clock: Clock | undefined;
}

/** Names looked at in one step of a scan. */
const SCAN_STEP = '1000';

/**
 * Lists records. A partition has an index of its ids, a key of its own and so, on a cluster, in another slot than its records: an id is in it before its
 * record is there, and one whose record is missing is passed over, and forgotten when it has been missed for a minute, long after the
 * last write that may have been under way to it. Records outside of any partition are in no index, which would be one key that every
 * update has to pass by; to list them every key of every master is looked at.
 */
export class RedisListIndex {
  readonly #parts: ListParts;

  constructor(parts: ListParts) {
    this.#parts = parts;
  }

  /** Resolves when the id is in the index. */
  async enlist({ kind, partition, id }: RecordKey): Promise<void> {
    const { link, keys } = this.#parts;
    await link.ask(ENLIST, keys.index(kind, partition), [toSortable(id)]);
  }

  /** The records of a kind and partition behind an id, in the order of their ids. */
  async list(kind: string, partition: string, after: string | undefined, limit: number): Promise<readonly ListedRecord[]> {
    const found: ListedRecord[] = [];
    const ids = partition === '' ? await this.#scan(kind, partition, after) : undefined;
    let last = after;
    for (;;) {
      const wanted = limit - found.length;
      const page = ids ? ids.splice(0, wanted) : await this.#nextIds(kind, partition, last, wanted);
      const records = await Promise.all(page.map((id) => this.#read({ kind, partition, id })));
      found.push(...records.filter((record) => record !== undefined));
      const missed = page.filter((_, index) => records[index] === undefined);
      if (missed.length > 0 && !ids) await this.#miss(kind, partition, missed);
      if (found.length === limit || page.length < wanted) return found;
      last = page.at(-1);
    }
  }

  async #nextIds(kind: string, partition: string, after: string | undefined, count: number): Promise<string[]> {
    const { link, keys } = this.#parts;
    const [index] = keys.index(kind, partition);
    const behind = after === undefined ? '-' : `(${toSortable(after)}`;
    const members = (await link.call('zrangebylex', index, behind, '+', 'LIMIT', '0', String(count))) as string[];
    return members.map(fromSortable);
  }

  async #read(key: RecordKey): Promise<ListedRecord | undefined> {
    const { link, keys } = this.#parts;
    const [, text] = (await link.ask(READ, [keys.record(key)], [''])) as [number, string | null];
    return text === null ? undefined : { id: key.id, body: parseRecord(text).body };
  }

  async #miss(kind: string, partition: string, ids: readonly string[]): Promise<void> {
    const { link, keys, clock } = this.#parts;
    await link.ask(MISS, keys.index(kind, partition), [toTimeArgument(clock), String(MIN_RECORD_AGE), ...ids.map(toSortable)]);
  }

  /** Every id there is behind one, sorted; a key that is being moved from one master to another may be missed. */
  async #scan(kind: string, partition: string, after: string | undefined): Promise<string[]> {
    const { link, keys } = this.#parts;
    const prefix = keys.recordPrefix(kind, partition);
    const pattern = `${prefix.replace(/[*?[\]\\^-]/g, '\\$&')}*`;
    const ids = new Set<string>();
    await link.callEach(async (call) => {
      let cursor = '0';
      do {
        const [next, names] = (await call('scan', cursor, 'MATCH', pattern, 'COUNT', SCAN_STEP)) as [string, string[]];
        for (const name of names) ids.add(name.slice(prefix.length));
        cursor = next;
      } while (cursor !== '0');
    });
    return [...ids].filter((id) => after === undefined || id > after).sort();
  }
}
