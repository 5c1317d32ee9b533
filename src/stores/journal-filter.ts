import type { JournalEntry, JournalFilter } from './store.ts';

/** Whether an entry is wanted: every given field matches, whole; `from` is inclusive, `until` is not. */
export function matchesFilter({ at, service, destination }: JournalEntry, filter: JournalFilter): boolean {
  if (filter.service !== undefined && filter.service !== service) return false;
  if (filter.destination !== undefined && filter.destination !== destination) return false;
  return at >= (filter.from ?? Number.NEGATIVE_INFINITY) && at < (filter.until ?? Number.POSITIVE_INFINITY);
}
