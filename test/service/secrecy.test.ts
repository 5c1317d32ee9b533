import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Context, context, type Span, type Tracer, type TracerProvider, trace } from '@opentelemetry/api';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createOutboxSender } from '../../src/senders/outbox.ts';
import { createService } from '../../src/service/service.ts';
import { createFolder, toWrongCode } from '../cli/run-cli.ts';
import { ask, deploy, SECRET, serve, toNumber } from './world.ts';

const EMAIL = 'someone.special@example.com';

/** All that must not be found in anything a process writes. */
function assertSilent(written: string, secrets: readonly string[]): void {
  for (const secret of secrets) expect(written.includes(secret), `found ${secret} in what was written`).toBe(false);
}

describe('I9: nothing that a process writes holds a code, a number or a secret', () => {
  it('its logs, its metrics and its files, over right, wrong and broken requests', async () => {
    const deployment = await deploy(createFolder(), { COUNTERSIGN_LOG_LEVEL: 'debug' });
    const serving = await serve(deployment);
    const { apiKey } = deployment;
    const post = (path: string, body: unknown) => ask(`${serving.url}${path}`, apiKey, body);
    const to = toNumber(7);
    const started = await post('/v1/verifications', { to, requester: 'account-of-somebody' });
    const code = deployment.lastCode();
    expect(code).toMatch(/^\d{6}$/);
    const checkPath = `/v1/verifications/${started.body.id}/check`;
    const answers = [
      await post(checkPath, { code: toWrongCode(code), requester: 'account-of-somebody' }),
      await post('/v1/verifications', { to, requester: 'account-of-somebody' }),
      await post('/v1/verifications', { to: `${to}junk` }),
      await post('/v1/verifications', { to, [`field-${to}`]: code }),
      await post(`/v1/${to}/${code}`, {}),
      await ask(`${serving.url}/v1/deliveries?to=${encodeURIComponent(to)}`, apiKey),
      await ask(`${serving.url}/v1/deliveries?${encodeURIComponent(to)}=${code}`, apiKey),
      await ask(`${serving.url}/v1/deliveries`, `${apiKey.split(':')[0]}:${'hunter2'.padEnd(32, 'x')}`),
      await ask(`${serving.url}/${'%ff'}${code}`, apiKey),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 429, 400, 400, 404, 200, 400, 401, expect.toBeOneOf([400, 404])]);
    const approved = await post(checkPath, { code, requester: 'account-of-somebody' });
    expect(approved.body.status).toBe('approved');
    const metrics = await (await fetch(serving.metricsUrl)).text();
    expect(metrics).toContain('countersign_approvals_total{channel="sms"} 1');
    expect(await serving.end()).toBe(0);
    const files = readdirSync(deployment.cwd).filter((name) => name.startsWith('countersign.db'));
    const kept = files.map((name) => readFileSync(join(deployment.cwd, name), 'latin1')).join('');
    const { stdout, stderr } = serving.said();
    const secret = apiKey.split(':')[1] ?? '';
    const secrets = [to, to.slice(2), code, toWrongCode(code), secret, SECRET, 'account-of-somebody', approved.body.token, 'hunter2'];
    assertSilent(stdout + stderr + metrics, secrets);
    // Six digits can stand in a file by chance, among counters and times.
    assertSilent(
      kept,
      secrets.filter((text) => text.length > 6),
    );
    expect(
      stdout
        .trim()
        .split('\n')
        .every((line) => JSON.parse(line).msg !== undefined),
    ).toBe(true);
  });

  it('its traces', async () => {
    const spans = recordSpans();
    const outbox = createOutboxSender();
    const parts = { senders: [outbox], hasMetricsListener: false };
    const service = await createService({ secret: SECRET, port: 0, logLevel: 'silent', database: join(createFolder(), 'a.db') }, parts);
    onTestFinished(() => service.close());
    const { id } = await service.tenants.createService({ name: 'test' });
    const { key, secret } = await service.tenants.createKey({ name: 'test', service: id, scopes: ['start', 'check'] });
    const headers = { authorization: `Basic ${Buffer.from(`${key.id}:${secret.reveal()}`).toString('base64')}` };
    const started = await service.app.inject({ method: 'POST', url: '/v1/verifications', headers, payload: { to: EMAIL } });
    const { code } = outbox.last(EMAIL);
    const url = `/v1/verifications/${started.json().id}/check`;
    expect((await service.app.inject({ method: 'POST', url, headers, payload: { code } })).json().status).toBe('approved');
    await service.app.inject({ method: 'GET', url: `/v1/deliveries?to=${EMAIL}`, headers });
    const names = spans.map(({ name }) => name);
    for (const name of ['POST /v1/verifications', 'POST /v1/verifications/:id/check', 'provider.send', 'store.update']) expect(names).toContain(name);
    const checked = spans.find(({ name }) => name === 'POST /v1/verifications/:id/check');
    expect(checked?.attributes).toMatchObject({ 'http.response.status_code': 200, ended: true });
    expect(spans.filter(({ attributes }) => attributes.ended !== true)).toEqual([]);
    assertSilent(JSON.stringify(spans), [EMAIL, 'someone', code, secret.reveal(), SECRET, started.json().id]);
  });
});

/** What an exporter would be given. */
interface RecordedSpan {
  readonly name: string;
  readonly attributes: Record<string, unknown>;
}

/** Registers a tracer that writes everything down that it is told. */
function recordSpans(): readonly RecordedSpan[] {
  const spans: RecordedSpan[] = [];
  const start = (name: string, options: { readonly attributes?: object } = {}): Span => {
    const recorded: RecordedSpan = { name, attributes: { ...options.attributes } };
    spans.push(recorded);
    const note = (key: string, value: unknown) => {
      recorded.attributes[key] = value;
      return span;
    };
    const span: Span = {
      // One that is valid: what has another goes nowhere, and is told nothing more.
      spanContext: () => ({ traceId: '1'.repeat(32), spanId: '1'.repeat(16), traceFlags: 1 }),
      setAttribute: note,
      setAttributes: (attributes) => note('all', attributes),
      addEvent: (event, attributes) => note('event', [event, attributes]),
      addLink: (link) => note('link', link),
      addLinks: (links) => note('links', links),
      setStatus: (status) => note('status', status),
      updateName: (updated) => note('name', updated),
      end: () => void note('ended', true),
      isRecording: () => true,
      recordException: (exception) => void note('exception', exception),
    };
    return span;
  };
  const tracer = {
    startSpan: start,
    startActiveSpan: (name: string, options: object, work: (span: Span) => unknown) =>
      context.with(context.active() as Context, () => work(start(name, options))),
  } as unknown as Tracer;
  const provider: TracerProvider = { getTracer: () => tracer };
  trace.setGlobalTracerProvider(provider);
  onTestFinished(() => trace.disable());
  return spans;
}
