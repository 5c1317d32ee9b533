import twilio from 'twilio';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createOutboxSender } from '../../src/senders/outbox.ts';
import { createService } from '../../src/service/service.ts';
import { createMemoryStore } from '../../src/stores/memory.ts';
import { SECRET } from '../service/world.ts';

describe('a service', () => {
  it('has the door beside its REST interface, on the same services, keys and limits', async () => {
    const outbox = createOutboxSender();
    const log = { write: () => undefined };
    const service = await createService(
      { secret: SECRET, port: 0 },
      { store: createMemoryStore(), senders: [outbox], hasMetricsListener: false, log },
    );
    onTestFinished(() => service.close());
    const { url } = await service.listen();
    const { key, secret } = await service.tenants.createKey({ name: 'app', service: null, scopes: ['start', 'check', 'read', 'admin'] });
    const client = twilio(key.id.replace('SK', 'AC'), secret.reveal(), { region: '', edge: '' });
    client.verify.baseUrl = url;

    const made = await client.verify.v2.services.create({ friendlyName: 'Shop' });
    expect(made.url).toBe(`${url}/v2/Services/${made.sid}`);
    expect(await service.tenants.getService(made.sid)).toMatchObject({ name: 'Shop', compatibility: 'twilio' });
    const { verifications, verificationChecks } = client.verify.v2.services(made.sid);
    const to = '+14155552671';
    const { sid } = await verifications.create({ to, channel: 'sms' });
    const rest = await fetch(`${url}/v1/verifications/${sid}?service=${made.sid}`, {
      headers: { authorization: `Bearer ${key.id}.${secret.reveal()}` },
    });
    expect(await rest.json()).toMatchObject({ id: sid, status: 'pending', to: '+1********71', attemptsLeft: 5 });
    expect(await verificationChecks.create({ to, code: outbox.last(to).code })).toMatchObject({ status: 'approved', valid: true, sid });
    expect(await service.metrics()).toMatch(/operation="twilioCreateVerificationCheck"/);
  });
});
