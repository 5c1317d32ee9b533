import type { JournalEntry } from '../stores/store.ts';

/** Who acts. */
export interface Act {
  /** What names the operator in the journal, such as the id of the API key that was used; never its secret. */
  readonly by?: string | undefined;
}

/**
 * An operator's act, as the journal keeps it: who acted, ids, times and the names of fields, never a value and never a secret.
 *
 * @param service the service it is about; empty for an API key of all services.
 */
export function toActEntry(type: string, service: string, at: number, data: Readonly<Record<string, unknown>>): JournalEntry {
  return { at, service, type, destination: '', data: JSON.stringify(data) };
}
