import { type Attributes, context, isSpanContextValid, type Span, SpanKind, SpanStatusCode, type Tracer, trace } from '@opentelemetry/api';
import { CountersignError } from '../core/errors.ts';

/** Spans through OpenTelemetry's API: without an SDK they cost next to nothing and go nowhere. */
const tracer: Tracer = trace.getTracer('countersign');

/** Runs a call to somewhere else in a span of its own. Of what it throws only a code of ours is written down: messages may hold anything. */
export function inSpan<T>(name: string, attributes: Attributes, work: (span: Span) => Promise<T>): Promise<T> {
  const span = tracer.startSpan(name, { kind: SpanKind.CLIENT, attributes });
  if (!isSpanContextValid(span.spanContext())) return work(span);
  return context.with(trace.setSpan(context.active(), span), async () => {
    try {
      return await work(span);
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR, message: toOutcome(error) });
      throw error;
    } finally {
      span.end();
    }
  });
}

/** What a failure is called in labels and spans. */
export function toOutcome(error: unknown): string {
  return error instanceof CountersignError ? error.code : 'error';
}
