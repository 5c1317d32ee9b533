import type { JudgingProvider, Provider } from '../providers/provider.ts';
import type { Metrics } from './metrics.ts';
import { inSpan } from './tracing.ts';

/** A provider whose calls are timed and traced: by method, channel and what became of them. */
export function observeProvider<P extends Provider | JudgingProvider>(provider: P, metrics: Pick<Metrics, 'provided'>, monotonic: () => number): P {
  const { name } = provider;
  const observed = <R extends { readonly status: string }>(method: string, work: () => Promise<R>): Promise<R> =>
    inSpan(`provider.${method}`, { 'countersign.provider': name }, async (span) => {
      const begun = monotonic();
      let outcome = 'unknown';
      try {
        const result = await work();
        outcome = result.status;
        return result;
      } finally {
        span.setAttribute('countersign.outcome', outcome);
        metrics.provided({ method, provider: name, outcome, seconds: (monotonic() - begun) / 1_000 });
      }
    });
  const send = { send: (request: Parameters<Provider['send']>[0]) => observed('send', () => provider.send(request)) };
  if (!('check' in provider)) return { ...provider, ...send };
  return {
    ...provider,
    ...send,
    check: (request: Parameters<JudgingProvider['check']>[0]) => observed('check', () => provider.check(request)),
    cancel: (request: Parameters<JudgingProvider['cancel']>[0]) => observed('cancel', () => provider.cancel(request)),
  };
}
