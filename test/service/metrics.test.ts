import { describe, expect, it, onTestFinished } from 'vitest';
import { createConversion } from '../../src/service/conversion.ts';
import { createMetrics, type Metrics } from '../../src/service/metrics.ts';
import { observeStore } from '../../src/service/observed-store.ts';
import { createMemoryStore } from '../../src/stores/memory.ts';
import { parsePrometheus } from './prometheus.ts';

const verification = { id: `VE${'0'.repeat(32)}`, service: 'VA', purpose: 'login', channel: 'sms', to: '+1********43' } as const;

const started = { attemptsLeft: 5, expiresAt: new Date(0), resendAt: new Date(0) };

function create(): Metrics {
  const metrics = createMetrics(() => performance.now());
  onTestFinished(() => metrics.close());
  return metrics;
}

describe('metrics', () => {
  it('count what verifiers commit, by channel, outcome, result and reason', async () => {
    const metrics = create();
    metrics.count({ name: 'started', event: { ...verification, ...started, deliveryId: 'VL' } });
    metrics.count({ name: 'started', event: { ...verification, ...started, deliveryId: 'VL' } });
    metrics.count({ name: 'delivered', event: { ...verification, deliveryId: 'VL', state: 'unknown' } });
    metrics.count({ name: 'checked', event: { ...verification, right: false, attemptsLeft: 4 } });
    metrics.count({ name: 'checked', event: { ...verification, right: true, attemptsLeft: 0 } });
    metrics.count({ name: 'approved', event: verification });
    metrics.count({ name: 'canceled', event: verification });
    metrics.count({ name: 'expired', event: verification });
    metrics.count({ name: 'refused', event: { service: 'VA', purpose: 'login', to: verification.to, reason: 'resend_too_soon' } });
    metrics.refused('rate_limited');
    metrics.swept(3);
    const { samples } = parsePrometheus(await metrics.render());
    expect(samples).toMatchObject({
      'countersign_starts_total{channel="sms"}': 2,
      'countersign_deliveries_total{channel="sms",outcome="unknown"}': 1,
      'countersign_checks_total{result="wrong"}': 1,
      'countersign_checks_total{result="right"}': 1,
      'countersign_approvals_total{channel="sms"}': 1,
      countersign_cancels_total: 1,
      countersign_expiries_total: 1,
      'countersign_refusals_total{reason="resend_too_soon"}': 1,
      'countersign_refusals_total{reason="rate_limited"}': 1,
      countersign_swept_total: 3,
      countersign_conflicts_total: 0,
      countersign_conversion_ratio: 0.5,
    });
  });

  it('time the store, the provider and HTTP, and watch the event loop', async () => {
    const metrics = create();
    metrics.answered({ operation: '/v1/verifications', status: 201, seconds: 0.004 });
    metrics.provided({ method: 'send', provider: 'self_issued', outcome: 'sent', seconds: 20 });
    metrics.stored({ method: 'update', kind: 'destination', outcome: 'ok', seconds: 0.0001, conflicts: 2 });
    const { samples, types } = parsePrometheus(await metrics.render());
    expect(samples).toMatchObject({
      'countersign_http_duration_seconds_bucket{operation="/v1/verifications",status="201",le="0.005"}': 1,
      'countersign_http_duration_seconds_bucket{operation="/v1/verifications",status="201",le="0.0025"}': 0,
      'countersign_provider_duration_seconds_count{method="send",provider="self_issued",outcome="sent"}': 1,
      'countersign_store_duration_seconds_count{method="update",kind="destination",outcome="ok"}': 1,
      'countersign_conflicts_total{kind="destination"}': 2,
    });
    expect(samples['countersign_event_loop_delay_seconds{quantile="0.99"}']).toBeGreaterThanOrEqual(0);
    expect(types.countersign_http_duration_seconds).toBe('histogram');
  });

  it('see what a store does, and never a key or a body', async () => {
    const metrics = create();
    const store = observeStore(createMemoryStore(), metrics, () => performance.now());
    const key = { kind: 'destination', partition: '', id: '2025550143' };
    await store.update(key, () => ({ result: 1, next: { body: '2025550143', expiresAt: undefined } }));
    await expect(
      store.update(key, () => {
        throw new Error('2025550143');
      }),
    ).rejects.toThrow();
    const text = await metrics.render();
    expect(parsePrometheus(text).samples).toMatchObject({
      'countersign_store_duration_seconds_count{method="update",kind="destination",outcome="ok"}': 1,
      'countersign_store_duration_seconds_count{method="update",kind="destination",outcome="error"}': 1,
    });
    expect(text).not.toContain('2025550143');
  });
});

describe('conversion', () => {
  it('is of the last hour, and undefined where nothing was begun', () => {
    let now = 0;
    const conversion = createConversion(() => now);
    expect(conversion.ratio()).toBeUndefined();
    conversion.started();
    conversion.started();
    conversion.approved();
    expect(conversion.ratio()).toBe(0.5);
    now = 59 * 60_000;
    conversion.started();
    conversion.approved();
    expect(conversion.ratio()).toBeCloseTo(2 / 3);
    now = 60 * 60_000;
    expect(conversion.ratio()).toBe(1);
    now = 200 * 60_000;
    expect(conversion.ratio()).toBeUndefined();
  });
});
