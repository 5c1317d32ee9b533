import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Attributes, Counter, Histogram, Meter } from '@opentelemetry/api';
import { PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import type { VerifierEvents } from '../engine/events.ts';
import { createConversion } from './conversion.ts';

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
  const exporter = new PrometheusExporter({ preventServerStart: true });
  const provider = new MeterProvider({ readers: [exporter] });
  const meter = provider.getMeter('countersign');
  const counters = createCounters(meter);
  const http = histogram(meter, 'countersign.http.duration.seconds', 'Answers of the HTTP interface, by operation and status');
  const store = histogram(meter, 'countersign.store.duration.seconds', 'Calls of the store, by method, kind of record and outcome');
  const sending = histogram(meter, 'countersign.provider.duration.seconds', 'Calls of the provider, by method and outcome');
  const conversion = createConversion(monotonic);
  observeConversion(meter, conversion);
  const delay = observeEventLoop(meter);
  const serializer = new PrometheusSerializer(undefined, false, undefined, true, true);
  const timed = (into: Histogram, { seconds, ...attributes }: Attributes & { readonly seconds: number }) => into.record(seconds, attributes);
  return {
    count(occurred) {
      countEvent(counters, occurred);
      if (occurred.name === 'started') conversion.started();
      if (occurred.name === 'approved') conversion.approved();
    },
    answered: (request) => timed(http, request),
    refused: (reason) => counters.refusals.add(1, { reason }),
    stored({ conflicts, ...call }) {
      timed(store, call);
      if (conflicts > 0) counters.conflicts.add(conflicts, { kind: call.kind });
    },
    provided: (call) => timed(sending, call),
    swept: (records) => counters.swept.add(records),
    async render() {
      const { resourceMetrics } = await exporter.collect();
      return serializer.serialize(resourceMetrics);
    },
    async close() {
      delay.disable();
      await provider.shutdown();
    },
  };
}

type CounterName = 'starts' | 'deliveries' | 'checks' | 'approvals' | 'cancels' | 'expiries' | 'refusals' | 'conflicts' | 'swept';

const DESCRIPTIONS: Readonly<Record<CounterName, string>> = {
  starts: 'Messages begun: new verifications and resends, by channel',
  deliveries: 'Messages that were settled, by channel and outcome',
  checks: 'Guesses that were compared, by result',
  approvals: 'Verifications approved, by channel',
  cancels: 'Verifications canceled',
  expiries: 'Verifications seen expired',
  refusals: 'Sends and requests refused, by reason',
  conflicts: 'Decisions that lost a race and were made again, by kind of record',
  swept: 'Expired records removed',
};

function createCounters(meter: Meter): Readonly<Record<CounterName, Counter>> {
  const made = Object.entries(DESCRIPTIONS).map(([name, description]) => {
    const counter = meter.createCounter(`countersign.${name}`, { description });
    // A counter that is not there yet reads as one that has broken.
    if (name === 'conflicts' || name === 'swept') counter.add(0);
    return [name, counter];
  });
  return Object.fromEntries(made) as Record<CounterName, Counter>;
}

function countEvent(counters: Readonly<Record<CounterName, Counter>>, { name, event }: VerifierEvent): void {
  if (name === 'started') counters.starts.add(1, { channel: event.channel });
  else if (name === 'delivered') counters.deliveries.add(1, { channel: event.channel, outcome: event.state });
  else if (name === 'checked') counters.checks.add(1, { result: event.right ? 'right' : 'wrong' });
  else if (name === 'approved') counters.approvals.add(1, { channel: event.channel });
  else if (name === 'canceled') counters.cancels.add(1);
  else if (name === 'expired') counters.expiries.add(1);
  else counters.refusals.add(1, { reason: event.reason });
}

function histogram(meter: Meter, name: string, description: string): Histogram {
  return meter.createHistogram(name, { description, unit: 's', advice: { explicitBucketBoundaries: SECONDS } });
}

function observeConversion(meter: Meter, conversion: ReturnType<typeof createConversion>): void {
  const description = 'Approvals to messages begun, in the last hour of this process';
  meter.createObservableGauge('countersign.conversion.ratio', { description }).addCallback((result) => {
    const ratio = conversion.ratio();
    if (ratio !== undefined) result.observe(ratio);
  });
}

function observeEventLoop(meter: Meter): ReturnType<typeof monitorEventLoopDelay> {
  const delay = monitorEventLoopDelay({ resolution: 20 });
  delay.enable();
  const description = 'How late the event loop was since the last look, in seconds';
  meter.createObservableGauge('countersign.event_loop.delay.seconds', { description, unit: 's' }).addCallback((result) => {
    // Until the first look there are no samples, and then a mean is none.
    const seconds = (nanoseconds: number) => (Number.isFinite(nanoseconds) ? nanoseconds / PER_SECOND : 0);
    result.observe(seconds(delay.percentile(50)), { quantile: '0.5' });
    result.observe(seconds(delay.percentile(99)), { quantile: '0.99' });
    result.observe(seconds(delay.max), { quantile: '1' });
    delay.reset();
  });
  return delay;
}
