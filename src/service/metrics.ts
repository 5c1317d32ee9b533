import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { VerifierEvents } from '../engine/events.ts';
import { createConversion } from './conversion.ts';
import { type Counter, createCounter, createGauge, createHistogram, type Sample } from './prometheus.ts';

/** One event of a verifier, with its name. */
export type VerifierEvent = {
  readonly [Name in keyof VerifierEvents]: { readonly name: Name; readonly event: VerifierEvents[Name] };
}[keyof VerifierEvents];

/** What a process counts. No label holds anything of a person: channels, reasons, kinds and statuses alone. */
export interface Metrics {
  /** Counts what a verifier committed. */
  count(event: VerifierEvent): void;
  /** Counts one answer of the HTTP interface. */
  answered(request: { readonly operation: string; readonly status: number; readonly seconds: number }): void;
  /** A refusal that no verifier was asked for, such as a rate limit. */
  refused(reason: string): void;
  /** One call of the store. `conflicts`: how often it had to decide again. */
  stored(call: {
    readonly method: string;
    readonly kind: string;
    readonly outcome: string;
    readonly seconds: number;
    readonly conflicts: number;
  }): void;
  /** One call of a provider. */
  provided(call: { readonly method: string; readonly provider: string; readonly outcome: string; readonly seconds: number }): void;
  /** One round of sweeping. */
  swept(records: number): void;
  /** All of it, as Prometheus reads it. */
  render(): Promise<string>;
  close(): Promise<void>;
}

/** From a write to memory to a provider that gave up, in seconds. */
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** `monitorEventLoopDelay` counts nanoseconds. */
const PER_SECOND = 1e9;

/** Makes the metrics of a process. @param monotonic milliseconds from anywhere. */
export function createMetrics(monotonic: () => number): Metrics {
  const counters = createCounters();
  const http = createDuration('http', 'Answers of the HTTP interface, by operation and status', ['operation', 'status']);
  const store = createDuration('store', 'Calls of the store, by method, kind of record and outcome', ['method', 'kind', 'outcome']);
  const sending = createDuration('provider', 'Calls of the provider, by method and outcome', ['method', 'provider', 'outcome']);
  const conversion = createConversion(monotonic);
  const ratio = createGauge(
    { name: 'countersign_conversion_ratio', help: 'Approvals to messages begun, in the last hour of this process', labels: [] },
    () => [conversion.ratio()].flatMap((value): Sample[] => (value === undefined ? [] : [[value]])),
  );
  const { loop, delay } = watchEventLoop();
  const families = [...Object.values(counters), http, store, sending, ratio, loop];
  return {
    count(occurred) {
      countEvent(counters, occurred);
      if (occurred.name === 'started') conversion.started();
      if (occurred.name === 'approved') conversion.approved();
    },
    answered: ({ operation, status, seconds }) => http.record(seconds, operation, String(status)),
    refused: (reason) => counters.refusals.add(1, reason),
    stored({ method, kind, outcome, seconds, conflicts }) {
      store.record(seconds, method, kind, outcome);
      if (conflicts > 0) counters.conflicts.add(conflicts, kind);
    },
    provided: ({ method, provider, outcome, seconds }) => sending.record(seconds, method, provider, outcome),
    swept: (records) => counters.swept.add(records),
    render: async () => families.map((family) => family.render()).join(''),
    close: async () => void delay.disable(),
  };
}

type CounterName = 'starts' | 'deliveries' | 'checks' | 'approvals' | 'cancels' | 'expiries' | 'refusals' | 'conflicts' | 'swept';

const COUNTERS: Readonly<Record<CounterName, readonly [help: string, ...labels: readonly string[]]>> = {
  starts: ['Messages begun: new verifications and resends, by channel', 'channel'],
  deliveries: ['Messages that were settled, by channel and outcome', 'channel', 'outcome'],
  checks: ['Guesses that were compared, by result', 'result'],
  approvals: ['Verifications approved, by channel', 'channel'],
  cancels: ['Verifications canceled'],
  expiries: ['Verifications seen expired'],
  refusals: ['Sends and requests refused, by reason', 'reason'],
  conflicts: ['Decisions that lost a race and were made again, by kind of record', 'kind'],
  swept: ['Expired records removed'],
};

function createCounters(): Readonly<Record<CounterName, Counter>> {
  const made = Object.entries(COUNTERS).map(([name, [help, ...labels]]) => {
    const counter = createCounter({ name: `countersign_${name}`, help, labels });
    // A counter that is not there yet reads as one that has broken.
    if (name === 'conflicts' || name === 'swept') counter.add(0);
    return [name, counter];
  });
  return Object.fromEntries(made) as Record<CounterName, Counter>;
}

function countEvent(counters: Readonly<Record<CounterName, Counter>>, { name, event }: VerifierEvent): void {
  if (name === 'started') counters.starts.add(1, event.channel);
  else if (name === 'delivered') counters.deliveries.add(1, event.channel, event.state);
  else if (name === 'checked') counters.checks.add(1, event.right ? 'right' : 'wrong');
  else if (name === 'approved') counters.approvals.add(1, event.channel);
  else if (name === 'canceled') counters.cancels.add(1);
  else if (name === 'expired') counters.expiries.add(1);
  else counters.refusals.add(1, event.reason);
}

function createDuration(what: string, help: string, labels: readonly string[]): ReturnType<typeof createHistogram> {
  return createHistogram({ name: `countersign_${what}_duration_seconds`, help, labels }, SECONDS);
}

function watchEventLoop(): { readonly loop: ReturnType<typeof createGauge>; readonly delay: ReturnType<typeof monitorEventLoopDelay> } {
  const delay = monitorEventLoopDelay({ resolution: 20 });
  delay.enable();
  const help = 'How late the event loop was since the last look, in seconds';
  const loop = createGauge({ name: 'countersign_event_loop_delay_seconds', help, labels: ['quantile'] }, () => {
    // Until the first look there are no samples, and then a mean is none.
    const seconds = (nanoseconds: number) => (Number.isFinite(nanoseconds) ? nanoseconds / PER_SECOND : 0);
    const samples: readonly Sample[] = [
      [seconds(delay.percentile(50)), '0.5'],
      [seconds(delay.percentile(99)), '0.99'],
      [seconds(delay.max), '1'],
    ];
    delay.reset();
    return samples;
  });
  return { loop, delay };
}
