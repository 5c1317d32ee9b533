import { matchesFilter } from './journal-filter.ts';
import { JOURNAL_RETENTION, type JournalEntry, type JournalFilter, type JournalPage } from './store.ts';

/** The journal of the memory store: entries in the order they came, each with a number that never comes back. */
export interface MemoryJournal {
  append(entries: readonly JournalEntry[]): void;
  /** The entries behind number `after` that match. */
  page(filter: JournalFilter, after: number): JournalPage;
  /** Removes at most `limit` entries older than 30 days. */
  sweep(now: number, limit: number): void;
  clear(): void;
}

/** Entries looked at in one sweep. They come in order of time, or nearly, so that the oldest are the first. */
const MAX_LOOKED_AT = 100_000;

interface Numbered {
  readonly seq: number;
  readonly entry: JournalEntry;
}

/** Makes an empty {@link MemoryJournal}. It copies what comes in and what goes out, so that nobody changes what was written. */
export function createMemoryJournal(): MemoryJournal {
  let kept: Numbered[] = [];
  let last = 0;
  return {
    append(entries) {
      for (const entry of entries) {
        last += 1;
        kept.push({ seq: last, entry: toEntry(entry) });
      }
    },
    page(filter, after) {
      const found: JournalEntry[] = [];
      let cursor = after;
      for (let at = firstBehind(kept, after); at < kept.length; at += 1) {
        const numbered = kept[at];
        if (!numbered || !matchesFilter(numbered.entry, filter)) continue;
        if (found.length === filter.limit) return { entries: found, cursor: String(cursor) };
        found.push(toEntry(numbered.entry));
        cursor = numbered.seq;
      }
      return { entries: found };
    },
    sweep(now, limit) {
      let left = limit;
      const front = kept.slice(0, MAX_LOOKED_AT).filter(({ entry }) => entry.at >= now - JOURNAL_RETENTION || left-- <= 0);
      if (left < limit) kept = front.concat(kept.slice(MAX_LOOKED_AT));
    },
    clear() {
      kept = [];
    },
  };
}

/** The index of the first entry with a number above `seq`. Numbers rise, with gaps where entries went. */
function firstBehind(kept: readonly Numbered[], seq: number): number {
  let low = 0;
  let high = kept.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((kept[middle]?.seq ?? 0) > seq) high = middle;
    else low = middle + 1;
  }
  return low;
}

function toEntry({ at, service, type, destination, data }: JournalEntry): JournalEntry {
  return { at, service, type, destination, data };
}
