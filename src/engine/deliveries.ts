import { parseDestination } from '../core/destination.ts';
import { CountersignError } from '../core/errors.ts';
import type { KeyRing } from '../core/keys.ts';
import type { RandomBytes } from '../core/tenant-ids.ts';
import type { JournalEntry, Store } from '../stores/store.ts';
import { ask } from './ask.ts';
import type { DeliveryEntry } from './journal.ts';
import { createSealedCursors } from './sealed-cursors.ts';

/** Which deliveries are wanted; every given field must match. */
export interface DeliveriesQuery {
  readonly service?: string | undefined;
  /** The exact destination, in any spelling that parses to it. */
  readonly to?: string | undefined;
  /** ISO-8601, inclusive: when they were settled. */
  readonly from?: string | undefined;
  /** ISO-8601, exclusive. */
  readonly until?: string | undefined;
  /** As an earlier page gave it. */
  readonly cursor?: string | undefined;
  /** 1–1000. */
  readonly limit: number;
}

/** One message that was settled, as support sees it. */
export interface SettledDelivery {
  readonly id: string;
  readonly verificationId: string;
  readonly service: string;
  readonly purpose: string;
  readonly channel: string;
  /** Masked. */
  readonly to: string;
  readonly status: DeliveryEntry['state'];
  readonly sentAt: string;
  readonly settledAt: string;
}

/** A page of deliveries, in the order they were settled; without `cursor` there is no more. */
export interface DeliveriesPage {
  readonly items: readonly SettledDelivery[];
  readonly cursor?: string;
}

/** Everything that deliveries are read with. */
export interface DeliveriesOptions {
  readonly store: Pick<Store, 'entries'>;
  readonly keys: KeyRing;
  /** @defaultValue bytes of `node:crypto` */
  readonly random?: RandomBytes;
}

/** Entries of the journal that are looked through for one page: what comes between is checks and operators' acts. A page may be short and go on. */
const MAX_ROUNDS = 10;

/** Reads the deliveries of the journal. */
export function createDeliveries({ store, keys, random }: DeliveriesOptions): Deliveries {
  const cursors = createSealedCursors({ keys, list: 'deliveries', random });
  return {
    async list({ service, to, from, until, cursor, limit }) {
      const filter = {
        ...(service !== undefined && { service }),
        ...(to !== undefined && { destination: keys.destinationKey(parseDestination(to).reveal()) }),
        ...(from !== undefined && { from: parseTime(from, 'from') }),
        ...(until !== undefined && { until: parseTime(until, 'until') }),
      };
      const items: SettledDelivery[] = [];
      let next = cursor === undefined ? undefined : cursors.open(cursor, service);
      for (let round = 0; round < MAX_ROUNDS && items.length < limit; round += 1) {
        const page = await ask(store.entries({ ...filter, limit: limit - items.length }, next));
        items.push(...page.entries.filter(({ type }) => type === 'delivery').map(toSettled));
        if (page.cursor === undefined) return { items };
        next = page.cursor;
      }
      return { items, ...(next !== undefined && { cursor: cursors.seal(next, service) }) };
    },
  };
}

/** What operators and support ask of deliveries. */
export interface Deliveries {
  /** @throws {CountersignError} `invalid_request` for a time or cursor that is none, `invalid_destination`. */
  list(query: DeliveriesQuery): Promise<DeliveriesPage>;
}

function toSettled({ at, service, data }: JournalEntry): SettledDelivery {
  const { deliveryId, verificationId, purpose, channel, to, state, sentAt } = JSON.parse(data) as DeliveryEntry;
  const time = (milliseconds: number) => new Date(milliseconds).toISOString();
  return { id: deliveryId, verificationId, service, purpose, channel, to, status: state, sentAt: time(sentAt), settledAt: time(at) };
}

function parseTime(value: string, field: string): number {
  const [, day] = /^(\d{4}-\d{2}-\d{2})T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(?:Z|[+-]\d{2}:\d{2})$/.exec(value) ?? [];
  const time = day === undefined || !isDay(day) ? Number.NaN : Date.parse(value);
  if (!Number.isNaN(time)) return time;
  throw new CountersignError('invalid_request', `\`${field}\` must be a time such as 2026-01-31T12:00:00Z`, { field });
}

/** Ensure that 30 February is no day: `Date` takes it for one of March. */
function isDay(day: string): boolean {
  const time = Date.parse(`${day}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(day);
}
