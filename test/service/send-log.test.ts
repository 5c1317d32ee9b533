import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Sender } from '../../src/senders/sender.ts';
import { createService, type SettingsInput } from '../../src/service/service.ts';
import { createFolder } from '../cli/run-cli.ts';
import { SECRET, toNumber } from './world.ts';

const PASSWORD = 'hunter2';

/** What is logged of senders beside one start that failed, and all that is logged. */
async function startAndRead(to: string, settings: SettingsInput, senders?: readonly Sender[]) {
  const lines: string[] = [];
  const log = { write: (line: string) => lines.push(line) };
  const fixed = { secret: SECRET, port: 0, database: join(createFolder(), 'a.db'), logLevel: 'info' } as const;
  const service = await createService({ ...fixed, ...settings }, { log, hasMetricsListener: false, ...(senders && { senders }) });
  onTestFinished(() => service.close());
  const { id } = await service.tenants.createService({ name: 'test' });
  const { key, secret } = await service.tenants.createKey({ name: 'test', service: id, scopes: ['start'] });
  const headers = { authorization: `Basic ${Buffer.from(`${key.id}:${secret.reveal()}`).toString('base64')}` };
  const { statusCode } = await service.app.inject({ method: 'POST', url: '/v1/verifications', headers, payload: { to } });
  const written = lines.join('');
  for (const hidden of [to, to.slice(2), PASSWORD, secret.reveal()]) expect(written).not.toContain(hidden);
  const told = lines.map((line) => JSON.parse(line) as Record<string, unknown>).filter(({ sender }) => sender !== undefined);
  return { statusCode, told };
}

describe('I9: a message that did not surely leave', () => {
  const line = { level: 'warn', time: expect.any(String), msg: 'a sender did not surely send' };

  it('leaves the name of the SMTP sender and the code, and neither address nor password', async () => {
    const smtp = { url: `smtps://me:${PASSWORD}@does-not-exist.invalid`, from: 'no-reply@example.com' };
    const { statusCode, told } = await startAndRead('someone.special@example.com', { smtp });
    const cause = { name: 'Error', code: expect.stringMatching(/^E[A-Z_]+$/) };
    expect([statusCode, told]).toEqual([503, [{ ...line, sender: 'smtp', outcome: 'refused', cause }]]);
  });

  it('leaves the name and the status of a gateway, whatever it says of the number', async () => {
    const server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk) => {
        body += String(chunk);
      });
      request.on('end', () => response.writeHead(429, { 'content-type': 'application/json' }).end(body));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const gateway = {
      ...{
        name: 'example',
        channels: ['sms'],
        url,
        headers: { authorization: `Bearer ${PASSWORD}` },
        body: { json: { to: '{to}', text: '{text}' } },
      },
      ...{ accepted: { status: '2xx' }, refused: [{ status: 429, permanent: false }] },
    };
    const { statusCode, told } = await startAndRead(toNumber(3), { httpGateways: [gateway] } as SettingsInput);
    const cause = { name: 'HttpAnswer', status: 429 };
    expect([statusCode, told]).toEqual([503, [{ ...line, sender: 'example', outcome: 'refused', cause }]]);
  });

  it('leaves of a sender that throws the name and the code of what it throws', async () => {
    const to = toNumber(4);
    const sender: Sender = {
      name: 'own',
      channels: ['sms'],
      async send({ code, to: destination }) {
        throw Object.assign(new Error(`${destination.reveal()} ${code.reveal()} ${PASSWORD}`), { code: 'ECONNRESET' });
      },
    };
    const { statusCode, told } = await startAndRead(to, {}, [sender]);
    expect([statusCode, told]).toEqual([201, [{ ...line, sender: 'own', outcome: 'unknown', cause: { name: 'Error', code: 'ECONNRESET' } }]]);
  });
});
