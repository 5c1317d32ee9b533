import type { Clock } from '../../core/clock.ts';
import { DAY } from '../../core/duration.ts';
import { CountersignError } from '../../core/errors.ts';
import { matchesFilter } from '../journal-filter.ts';
import { JOURNAL_RETENTION, type JournalEntry, type JournalFilter, type JournalPage } from '../store.ts';
import type { RedisKeys } from './keys.ts';
import type { RedisLink } from './link.ts';
import { foreignError } from './record-text.ts';
import { APPEND, PICK, POINT, TRIM, toTimeArgument } from './scripts.ts';

/** What a {@link RedisJournal} works with. */
export interface JournalParts {
  readonly link: RedisLink;
  readonly keys: RedisKeys;
  readonly clock: Clock | undefined;
}

/** An entry and its place in the journal. */
interface Placed {
  readonly id: string;
  /** Undefined where it was removed meanwhile. */
  readonly entry: JournalEntry | undefined;
}

/** Entries added by one script. */
const APPEND_STEP = 500;

/** Entries looked at in one go, about 200 kB. */
const WINDOW = 1_000;

/** Entries removed by one script, a few milliseconds. */
const TRIM_STEP = 500;

/**
 * The journal: one stream of all entries in the order of their writing, and for each destination an index of its places in it, which is written
 * right after. Services and times are searched for in the stream, from shortly before the time on that is asked for.
 */
export class RedisJournal {
  readonly #parts: JournalParts;

  constructor(parts: JournalParts) {
    this.#parts = parts;
  }

  /** Adds entries, in their order. Resolves when they are in the stream and in their destinations' indexes. */
  async append(entries: readonly JournalEntry[]): Promise<void> {
    const { link, keys, clock } = this.#parts;
    for (let at = 0; at < entries.length; at += APPEND_STEP) {
      const step = entries.slice(at, at + APPEND_STEP);
      const ids = (await link.ask(APPEND, [keys.journal], [toTimeArgument(clock), ...step.map(toText)])) as string[];
      const destinations = new Set(step.map(({ destination }) => destination));
      const idsOf = (destination: string) => ids.filter((_, index) => step[index]?.destination === destination);
      await Promise.all(Array.from(destinations, (destination) => this.#point(destination, idsOf(destination))));
    }
  }

  /** @param cursor the place of the last entry of an earlier page. */
  async page(filter: JournalFilter, cursor: string | undefined): Promise<JournalPage> {
    const found: JournalEntry[] = [];
    let [last, lastFound] = [cursor, cursor];
    for (;;) {
      const window = filter.destination === undefined ? await this.#next(filter, last) : await this.#nextOf(filter.destination, last);
      for (const { id, entry } of window) {
        if (!entry || !matchesFilter(entry, filter)) continue;
        if (found.length === filter.limit && lastFound !== undefined) return { entries: found, cursor: lastFound };
        found.push(entry);
        lastFound = id;
      }
      if (window.length < WINDOW) return { entries: found };
      last = window.at(-1)?.id;
    }
  }

  /** Removes at most `limit` entries older than 30 days. */
  async sweep(limit: number): Promise<void> {
    const { link, keys, clock } = this.#parts;
    for (let left = limit; left > 0; ) {
      const step = Math.min(TRIM_STEP, left);
      const removed = (await link.ask(TRIM, [keys.journal], [toTimeArgument(clock), String(JOURNAL_RETENTION), String(step)])) as number;
      if (removed < step) return;
      left -= removed;
    }
  }

  async #point(destination: string, ids: readonly string[]): Promise<void> {
    const { link, keys } = this.#parts;
    const youngest = Number(ids.at(-1)?.split('-')[0]);
    const oldest = toPlace(`${Math.max(youngest - JOURNAL_RETENTION, 0)}-0`);
    await link.ask(POINT, [keys.destination(destination)], [oldest, String(JOURNAL_RETENTION + DAY), ...ids.map(toPlace)]);
  }

  /** The entries behind a place. None is dated a day after it was written: those of `from` on were written after the day before. */
  async #next({ from }: JournalFilter, last: string | undefined): Promise<Placed[]> {
    const { link, keys } = this.#parts;
    const start = from === undefined ? '-' : `${Math.min(Math.max(Math.floor(from - DAY), 0), Number.MAX_SAFE_INTEGER)}-0`;
    const behind = last !== undefined && (from === undefined || toPlace(last) >= toPlace(start)) ? `(${last}` : start;
    const items = (await link.call('xrange', keys.journal, behind, '+', 'COUNT', String(WINDOW))) as [string, [string, string]][];
    return items.map(([id, [, text = '']]) => ({ id, entry: toEntry(text) }));
  }

  async #nextOf(destination: string, last: string | undefined): Promise<Placed[]> {
    const { link, keys } = this.#parts;
    const behind = last === undefined ? '-' : `(${toPlace(last)}`;
    const places = (await link.call('zrangebylex', keys.destination(destination), behind, '+', 'LIMIT', '0', String(WINDOW))) as string[];
    if (places.length === 0) return [];
    const ids = places.map(toId);
    const texts = (await link.ask(PICK, [keys.journal], ids)) as (string | null)[];
    return ids.map((id, index) => ({ id, entry: toEntry(texts[index]) }));
  }
}

/** Ensure a cursor is one that an earlier page gave. Throws `invalid_request`. */
export function assertJournalCursor(cursor: string | undefined): void {
  if (cursor === undefined || /^\d{1,16}-\d{1,16}$/.test(cursor)) return;
  throw new CountersignError('invalid_request', 'cursor must be one that an earlier page gave', { field: 'cursor' });
}

function toText({ at, service, type, destination, data }: JournalEntry): string {
  return JSON.stringify([at, service, type, destination, data]);
}

function toEntry(text: string | null | undefined): JournalEntry | undefined {
  if (text === null || text === undefined) return undefined;
  const [at, service, type, destination, data] = parseList(text);
  const isOurs = typeof at === 'number' && [service, type, destination, data].every((part) => typeof part === 'string');
  if (!isOurs) throw foreignError();
  return { at, service, type, destination, data } as JournalEntry;
}

function parseList(text: string): readonly unknown[] {
  try {
    const parsed: unknown = JSON.parse(text);
    return Array.isArray(parsed) ? parsed : [];
  } catch {
    return [];
  }
}

/** An id of the stream so that its bytes are in the order of the stream. */
function toPlace(id: string): string {
  const [ms = '', seq = ''] = id.split('-');
  return `${ms.padStart(16, '0')}-${seq.padStart(16, '0')}`;
}

function toId(place: string): string {
  return place
    .split('-')
    .map((part) => part.replace(/^0+(?=\d)/, ''))
    .join('-');
}
