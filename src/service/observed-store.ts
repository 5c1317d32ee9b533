import type { Decide, RecordKey, Store } from '../stores/store.ts';
import type { Metrics } from './metrics.ts';
import { inSpan, toOutcome } from './tracing.ts';

/** A store whose calls are timed and traced. Kinds of records and names of methods are told; keys and bodies are not. */
export function observeStore(store: Store, metrics: Pick<Metrics, 'stored'>, monotonic: () => number): Store {
  const { name } = store.describe();
  const observed = <T>(method: string, kind: string, work: () => Promise<T>, conflicts: () => number = () => 0): Promise<T> =>
    inSpan(`store.${method}`, { 'db.system.name': name, 'countersign.record.kind': kind }, async () => {
      const begun = monotonic();
      let outcome = 'ok';
      try {
        return await work();
      } catch (error) {
        outcome = toOutcome(error);
        throw error;
      } finally {
        metrics.stored({ method, kind, outcome, seconds: (monotonic() - begun) / 1_000, conflicts: conflicts() });
      }
    });
  return {
    update<T>(key: RecordKey, decide: Decide<T>) {
      let runs = 0;
      const counted: Decide<T> = (current, now) => {
        runs += 1;
        return decide(current, now);
      };
      return observed(
        'update',
        key.kind,
        () => store.update(key, counted),
        () => Math.max(0, runs - 1),
      );
    },
    read: (key) => observed('read', key.kind, () => store.read(key)),
    list: (kind, partition, after, limit) => observed('list', kind, () => store.list(kind, partition, after, limit)),
    append: (entries) => observed('append', 'journal', () => store.append(entries)),
    entries: (filter, cursor) => observed('entries', 'journal', () => store.entries(filter, cursor)),
    sweep: (limit) => observed('sweep', 'all', () => store.sweep(limit)),
    ping: () => observed('ping', 'all', () => store.ping()),
    close: () => store.close(),
    describe: () => store.describe(),
  };
}
