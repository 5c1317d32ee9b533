import { callingCodeOfMasked } from '../core/calling-code.ts';
import type { Destination } from '../core/destination.ts';
import { DAY, HOUR, MINUTE } from '../core/duration.ts';
import { CountersignError } from '../core/errors.ts';
import type { KeyRing } from '../core/keys.ts';
import { JOURNAL_RETENTION, type JournalEntry, type JournalFilter, type Store } from '../stores/store.ts';
import { ask } from './ask.ts';
import type { ApprovalEntry, CheckEntry, DeliveryEntry } from './journal.ts';
import { createSealedCursors } from './sealed-cursors.ts';

/** Which attempts are wanted; every given field must match. */
export interface AttemptsQuery {
  /** Whether attempts of a service may be seen at all. Asked once for each. */
  readonly isShown: (service: string) => Promise<boolean>;
  readonly service?: string | undefined;
  readonly verificationId?: string | undefined;
  readonly to?: Destination | undefined;
  readonly channel?: string | undefined;
  /** What the calling code of the phone number begins with, without the plus. */
  readonly callingPrefix?: string | undefined;
  /** Milliseconds of the store's clock, inclusive: when the message was begun. */
  readonly from?: number | undefined;
  /** Exclusive. */
  readonly until?: number | undefined;
}

/** Which of them, and where a page goes on. */
export interface AttemptsPageQuery extends AttemptsQuery {
  readonly isConverted?: boolean | undefined;
  /** As an earlier page of the same service, or of all, gave it. */
  readonly cursor: string | undefined;
  /** 1–1000. */
  readonly limit: number;
}

/** One message that was settled, and whether its verification was approved. Times in milliseconds of the store's clock. */
export interface Attempt {
  /** `VL` + 32 hex. */
  readonly id: string;
  readonly verificationId: string;
  readonly service: string;
  readonly channel: string;
  /** Masked. */
  readonly to: string;
  readonly state: DeliveryEntry['state'];
  readonly sentAt: number;
  readonly settledAt: number;
  /** A right guess at its verification was compared, or an operator approved it. */
  readonly isConverted: boolean;
}

/** In the order they were settled; without `cursor` there is no more. A page may be short and go on. */
export interface AttemptsPage {
  readonly items: readonly Attempt[];
  readonly cursor?: string;
}

/** How many there are. */
export interface AttemptsSummary {
  readonly total: number;
  readonly converted: number;
}

/**
 * Messages of the last 30 days and what came of them, as the journal has them. What is asked is found by reading on, since nothing but service, destination and
 * time is looked up: each call reads a bounded part.
 *
 * Each rejects with `store_unavailable` where the store cannot answer.
 */
export interface Attempts {
  /** @throws {CountersignError} `invalid_request` for a cursor that is none. */
  list(query: AttemptsPageQuery): Promise<AttemptsPage>;
  /** Undefined as well for one that lies behind more entries than are read for one. @param now milliseconds of the store's clock, roughly. */
  get(id: string, query: Pick<AttemptsQuery, 'isShown' | 'service'>, now: number): Promise<Attempt | undefined>;
  /** @throws {CountersignError} `invalid_request`, `from`, where the time asked for holds more than is counted in one go. */
  summarize(query: AttemptsQuery): Promise<AttemptsSummary>;
}

/** Entries of the journal that one page looks through, and that one summary or one search for an id does: some seconds of a database. */
const MAX_READ = { page: 10_000, all: 200_000 } as const;

/** Entries read in one go. */
const BATCH = 1_000;

/** Destinations whose guesses are looked up at once. */
const LOOKUPS = 16;

/** How long after a message was begun it may be settled at the latest, and a guess at its code compared: an email lives for a day at most. */
const SETTLED_WITHIN = HOUR;
const JUDGED_WITHIN = DAY + MINUTE;

type Candidate = Omit<Attempt, 'isConverted'> & { readonly destination: string };

/** Reads attempts from the journal of a store. */
export function createAttempts({
  store,
  keys,
}: {
  readonly store: Pick<Store, 'entries'>;
  readonly keys: Pick<KeyRing, 'destinationKey' | 'issuing' | 'all'>;
}): Attempts {
  const cursors = createSealedCursors({ keys, list: 'attempts' });
  const read = (filter: JournalFilter, cursor: string | undefined) => ask(store.entries(filter, cursor));

  /** Which verifications of these were approved, by what the journal has of their destinations since. */
  const findConverted = async (candidates: readonly Candidate[]): Promise<ReadonlySet<string>> => {
    const converted = new Set<string>();
    const destinations = [...new Set(candidates.map(({ destination }) => destination))];
    for (let start = 0; start < destinations.length; start += LOOKUPS) {
      await Promise.all(
        destinations.slice(start, start + LOOKUPS).map(async (destination) => {
          const times = candidates.filter((each) => each.destination === destination).map(({ sentAt }) => sentAt);
          const filter = { destination, from: Math.min(...times), until: Math.max(...times) + JUDGED_WITHIN };
          for await (const entries of pages(read, filter, MAX_READ.page)) for (const entry of entries) addConverted(converted, entry);
        }),
      );
    }
    return converted;
  };

  const judge = async (candidates: readonly Candidate[]): Promise<readonly Attempt[]> => {
    const converted = await findConverted(candidates);
    return candidates.map(({ id, verificationId, service, channel, to, state, sentAt, settledAt }) => {
      const isConverted = converted.has(verificationId);
      return { id, verificationId, service, channel, to, state, sentAt, settledAt, isConverted };
    });
  };

  return {
    async list({ cursor, limit, isConverted, ...query }) {
      const matches = createMatcher(query, keys);
      const filter = toFilter(query, keys);
      const toPage = (items: readonly Attempt[], next: string | undefined): AttemptsPage => ({
        items,
        ...(next !== undefined && { cursor: cursors.seal(next, query.service) }),
      });
      const items: Attempt[] = [];
      let next = cursor === undefined ? undefined : cursors.open(cursor, query.service);
      for (let wasRead = 0; wasRead < MAX_READ.page; wasRead += BATCH) {
        const page = await read({ ...filter, limit: BATCH }, next);
        const candidates: (Candidate & { readonly position: number })[] = [];
        for (const [position, entry] of page.entries.entries()) {
          const candidate = await matches(entry);
          if (candidate !== undefined) candidates.push({ ...candidate, position });
        }
        // Where all are wanted, no more are looked up than there is room for.
        const wanted = isConverted === undefined ? candidates.slice(0, limit - items.length) : candidates;
        const judged = await judge(wanted);
        for (const [index, attempt] of judged.entries()) {
          if (isConverted !== undefined && attempt.isConverted !== isConverted) continue;
          items.push(attempt);
          if (items.length < limit) continue;
          // The page is full: it ends behind this entry, whose place the store tells when it is the last that is read.
          const { cursor: behind } = await read({ ...filter, limit: (wanted[index]?.position ?? 0) + 1 }, next);
          return toPage(items, behind);
        }
        if (page.cursor === undefined) return { items };
        next = page.cursor;
      }
      return toPage(items, next);
    },

    async get(id, query, now) {
      const matches = createMatcher({ ...query }, keys);
      let left: number = MAX_READ.all;
      // The newest first: who asks for one has just sent it.
      for (const [from, until] of [[now - HOUR], [now - DAY, now - HOUR], [now - JOURNAL_RETENTION, now - DAY]] as const) {
        const filter = { ...(query.service !== undefined && { service: query.service }), from, ...(until !== undefined && { until }) };
        for await (const entries of pages(read, filter, left)) {
          left -= entries.length;
          const found = entries.find(({ type, data }) => type === 'delivery' && data.includes(id));
          const candidate = found && (await matches(found));
          if (candidate?.id === id) return (await judge([candidate]))[0];
        }
      }
      return undefined;
    },

    async summarize(query) {
      const matches = createMatcher(query, keys);
      const { until, ...filter } = toFilter(query, keys);
      const attempts = new Map<string, number>();
      const converted = new Set<string>();
      let wasRead = 0;
      const later = until === undefined ? {} : { until: until + JUDGED_WITHIN };
      for await (const entries of pages(read, { ...filter, ...later }, MAX_READ.all + 1)) {
        wasRead += entries.length;
        if (wasRead > MAX_READ.all) throw tooMuch();
        for (const entry of entries) {
          addConverted(converted, entry);
          const candidate = await matches(entry);
          if (candidate !== undefined) attempts.set(candidate.verificationId, (attempts.get(candidate.verificationId) ?? 0) + 1);
        }
      }
      const sum = (of: Iterable<readonly [string, number]>) => [...of].reduce((total, [, count]) => total + count, 0);
      return { total: sum(attempts), converted: sum([...attempts].filter(([id]) => converted.has(id))) };
    },
  };
}

type Read = (filter: JournalFilter, cursor: string | undefined) => ReturnType<Store['entries']>;

/** Pages of the journal until there is no more, or until so many entries were read. */
async function* pages(read: Read, filter: Omit<JournalFilter, 'limit'>, max: number): AsyncGenerator<readonly JournalEntry[]> {
  let cursor: string | undefined;
  for (let left = max; left > 0; ) {
    const page = await read({ ...filter, limit: Math.min(BATCH, left) }, cursor);
    yield page.entries;
    if (page.cursor === undefined) return;
    left -= Math.max(page.entries.length, 1);
    cursor = page.cursor;
  }
}

/** What the journal itself looks up. It knows when a message was settled, which is a little after it was begun. */
function toFilter({ service, to, from, until }: AttemptsQuery, keys: Pick<KeyRing, 'destinationKey'>): Omit<JournalFilter, 'limit'> {
  return {
    ...(service !== undefined && { service }),
    ...(to !== undefined && { destination: keys.destinationKey(to.reveal()) }),
    ...(from !== undefined && { from }),
    ...(until !== undefined && { until: until + SETTLED_WITHIN }),
  };
}

/** What of an entry is an attempt that is wanted. */
function createMatcher(query: AttemptsQuery, keys: Pick<KeyRing, 'destinationKey'>): (entry: JournalEntry) => Promise<Candidate | undefined> {
  const { isShown, service, verificationId, channel, callingPrefix, from = -Infinity, until = Infinity } = query;
  const destination = query.to && keys.destinationKey(query.to.reveal());
  const shown = new Map<string, Promise<boolean>>();
  const mayBeSeen = (id: string) => {
    const known = shown.get(id) ?? isShown(id);
    shown.set(id, known);
    return known;
  };
  return async (entry) => {
    if (entry.type !== 'delivery' || (service !== undefined && entry.service !== service)) return undefined;
    if (destination !== undefined && entry.destination !== destination) return undefined;
    const candidate = toCandidate(entry);
    const isWanted =
      (verificationId === undefined || candidate.verificationId === verificationId) &&
      (channel === undefined || candidate.channel === channel) &&
      (callingPrefix === undefined || callingCodeOfMasked(candidate.to)?.startsWith(callingPrefix) === true) &&
      candidate.sentAt >= from &&
      candidate.sentAt < until;
    return isWanted && (await mayBeSeen(entry.service)) ? candidate : undefined;
  };
}

function toCandidate({ at, service, destination, data }: JournalEntry): Candidate {
  const { deliveryId, verificationId, channel, to, state, sentAt } = JSON.parse(data) as DeliveryEntry;
  return { id: deliveryId, verificationId, service, channel, to, state, sentAt, settledAt: at, destination };
}

function addConverted(converted: Set<string>, { type, data }: JournalEntry): void {
  if (type === 'check') {
    const { verificationId, right } = JSON.parse(data) as CheckEntry;
    if (right) converted.add(verificationId);
  } else if (type === 'approved_by_operator') {
    converted.add((JSON.parse(data) as ApprovalEntry).verificationId);
  }
}

function tooMuch(): CountersignError {
  return new CountersignError('invalid_request', '`from` and `until` hold more than is counted in one go: name a shorter time', { field: 'from' });
}
