import { afterEach, beforeEach, expect, it } from 'vitest';
import { createMemoryStore, createSelfIssuedProvider, createVerifier, type Sender } from '../../src/index.ts';
import { createHttpGatewaySender } from '../../src/senders/http-gateway.ts';
import { createSmtpSender } from '../../src/senders/smtp.ts';
import { createTwilioMessagingSender } from '../../src/senders/twilio-messaging.ts';
import { answer, type GatewayDouble, startGatewayDouble } from './http-gateway-double.ts';
import { ADDRESS, NUMBER, printed } from './messages.ts';
import { reply, type SmtpDouble, startSmtpDouble } from './smtp-double.ts';

let first: GatewayDouble;
let second: GatewayDouble;
let mail: SmtpDouble;
let answerRecipient: Error | null = null;

beforeEach(async () => {
  [first, second] = await Promise.all([startGatewayDouble(), startGatewayDouble()]);
  answerRecipient = null;
  mail = await startSmtpDouble({ onRcptTo: (_, __, callback) => callback(answerRecipient) });
});
afterEach(async () => {
  await Promise.all([first.close(), second.close(), mail.close()]);
});

/** Two ways out for SMS, a gateway and Twilio; two for email, a server and a gateway. */
function createOurs() {
  const byHttp = (name: string, channels: Sender['channels'], origin: string) =>
    createHttpGatewaySender({
      name,
      channels,
      url: `${origin}/messages`,
      body: { json: { to: '{to}', text: '{text}' } },
      accepted: { status: 202 },
      refused: [
        { status: 422, permanent: true },
        { status: 503, permanent: false },
      ],
    });
  const senders = [
    byHttp('gateway', ['sms'], first.origin),
    createTwilioMessagingSender({ accountSid: `AC${'0a'.repeat(16)}`, authToken: 'token', from: '+14155550100', baseUrl: second.origin }),
    createSmtpSender({ url: `smtp://127.0.0.1:${mail.port}`, from: 'no-reply@example.com' }),
    byHttp('mail_gateway', ['email'], first.origin),
  ];
  const provider = createSelfIssuedProvider({ senders });
  return createVerifier({ secret: 'a secret of at least thirty-two bytes', store: createMemoryStore(), provider });
}

const counts = () => [first.received.length, second.received.length, mail.mails.length];
const twilioTakesIt = answer(201, { sid: `SM${'2c'.repeat(16)}`, status: 'queued' });

it.each<[string, number, unknown, readonly number[]]>([
  ['takes it', 202, 'sent', [1, 0, 0]],
  ['refuses it', 503, 'sent', [1, 1, 0]],
  ['refuses it for good', 422, 'sent', [1, 1, 0]],
  ['may have taken it', 500, 'unknown', [1, 0, 0]],
])('asks the second gateway only where the first surely refused: it %s', async (_, status, became, asked) => {
  first.behave = answer(status);
  second.behave = twilioTakesIt;
  const started = await createOurs().start({ to: NUMBER });
  expect(started).toMatchObject({ status: 'pending', deliveries: [{ status: became }] });
  expect(counts()).toEqual(asked);
});

it('verifies with the code that the second one carried', async () => {
  await first.close();
  second.behave = twilioTakesIt;
  const verifier = createOurs();
  const started = await verifier.start({ to: NUMBER });
  const text = new URLSearchParams(second.received[0]?.body).get('Body') ?? '';
  const code = /\d{6}/.exec(text)?.[0] ?? '';
  expect(started.status === 'pending' && (await verifier.check({ id: started.id, code }))).toMatchObject({ status: 'approved' });
});

it('verifies with the code of an email', async () => {
  const verifier = createOurs();
  const started = await verifier.start({ to: ADDRESS });
  expect(counts()).toEqual([0, 0, 1]);
  const code = /is (\d{6})\./.exec(mail.mails[0]?.raw ?? '')?.[1] ?? '';
  expect(started.status === 'pending' && (await verifier.check({ id: started.id, code }))).toMatchObject({ status: 'approved' });
});

it('goes from a server that refuses to a gateway', async () => {
  answerRecipient = reply(450);
  first.behave = answer(202);
  expect(await createOurs().start({ to: ADDRESS })).toMatchObject({ status: 'pending', deliveries: [{ status: 'sent' }] });
  expect(counts()).toEqual([1, 0, 0]);
});

it.each([
  ['for good, both', 550, 422, 'provider_rejected'],
  ['one of them for now', 550, 503, 'provider_unavailable'],
])('throws where all refuse: %s', async (_, reached, status, code) => {
  answerRecipient = reply(reached, `no ${ADDRESS}`);
  first.behave = answer(status);
  const error = await createOurs()
    .start({ to: ADDRESS })
    .catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code });
  expect(printed(error)).not.toContain(ADDRESS);
});

it('tells whoever calls which setting is wrong, if nobody takes the message', async () => {
  first.behave = answer(503);
  second.behave = answer(401, { code: 20003 });
  await expect(createOurs().start({ to: NUMBER })).rejects.toMatchObject({
    code: 'configuration_invalid',
    message: 'Twilio refuses the credentials: compare `accountSid` and `authToken` with the console',
  });
});
