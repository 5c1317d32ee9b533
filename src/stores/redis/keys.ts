import type { RecordKey } from '../store.ts';

/** The names under which a store keeps what it keeps. No two things have the same name, and a record's is that of no other record. */
export interface RedisKeys {
  record(key: RecordKey): string;
  /** What the names of a kind's and partition's records begin with; the id follows. */
  recordPrefix(kind: string, partition: string): string;
  readonly journal: string;
  /** Where a destination's entries are in the journal. */
  destination(destination: string): string;
  /** The ids of a partition, and since when some of them are missed. Both lie in one slot of a cluster. */
  index(kind: string, partition: string): readonly [ids: string, missed: string];
  readonly ping: string;
}

/** Every name of a record has its kind behind the prefix, in which there is no "@". */
export function createRedisKeys(prefix: string): RedisKeys {
  const recordPrefix = (kind: string, partition: string) => `${prefix}${encode(kind)}:${encode(partition)}:`;
  return {
    record: ({ kind, partition, id }) => recordPrefix(kind, partition) + id,
    recordPrefix,
    journal: `${prefix}@journal`,
    destination: (destination) => `${prefix}@destination:${destination}`,
    index(kind, partition) {
      const tag = `{${encode(kind)}:${encode(partition)}}`;
      return [`${prefix}@list:${tag}`, `${prefix}@missed:${tag}`];
    },
    ping: `${prefix}@ping`,
  };
}

function encode(text: string): string {
  return /^\w*$/.test(text) ? text : encodeURIComponent(text);
}
