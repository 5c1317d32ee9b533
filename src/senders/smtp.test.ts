import { createServer, type Server } from 'node:net';
import { createTransport } from 'nodemailer';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ADDRESS, CODE, DELIVERY_ID, email, printed, sms } from '../../test/senders/messages.ts';
import { makeSelfSigned } from '../../test/senders/self-signed.ts';
import { reply, type SmtpDouble, startSmtpDouble } from '../../test/senders/smtp-double.ts';
import { CountersignError } from '../core/errors.ts';
import { Secret } from '../core/secret.ts';
import { toFailedSend } from './smtp/answers.ts';
import { deliver } from './smtp/connection.ts';
import { toMail } from './smtp/mail.ts';
import { parseMailbox, parseServer } from './smtp/settings.ts';
import { createSmtpSender, type SmtpSenderOptions } from './smtp.ts';

const FROM = 'Example <no-reply@example.com>';
const PASSWORD = 'p@ss:w/rd+9';
const UNKNOWN = { status: 'unknown' };
/** For the log: names, codes and statuses alone. */
const cause = expect.objectContaining({ name: expect.stringMatching(/^[A-Za-z]+$/) });
const REFUSED = { status: 'refused', permanent: false, cause };
const REFUSED_FOR_GOOD = { status: 'refused', permanent: true, cause };
const NOT_TRIED = { status: 'refused', permanent: true };
const SENT = { status: 'sent', reference: `${DELIVERY_ID}@example.com` };
const { signal } = new AbortController();

type ServerOptions = NonNullable<Parameters<typeof startSmtpDouble>[0]>;

const open: { close(): unknown }[] = [];
afterEach(async () => {
  vi.useRealTimers();
  for (const one of open.splice(0)) await one.close();
});

async function start(options?: ServerOptions): Promise<SmtpDouble> {
  const server = await startSmtpDouble(options);
  open.push(server);
  return server;
}

const urlOf = ({ port }: SmtpDouble, scheme = 'smtp', credentials = '') => `${scheme}://${credentials}127.0.0.1:${port}`;
const send = (server: SmtpDouble, more: object = {}, message = email(), given: AbortSignal = signal) =>
  createSmtpSender({ url: urlOf(server), from: FROM, ...more } as SmtpSenderOptions).send(message, { signal: given });

/** Time goes on by itself as well: the server greets a tenth of a second late, to see who talks first. */
const useFakeTimers = () => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'], shouldAdvanceTime: true });

/** A gate that a server's handler opens once it was reached. */
function gate() {
  let open = () => {};
  const reached = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, reached };
}

describe('an email', () => {
  it('is plain text with a name of its own, and the code is in its text only', async () => {
    const server = await start();
    expect(await send(server)).toEqual(SENT);
    const [mail] = server.mails;
    expect(mail).toMatchObject({ from: 'no-reply@example.com', to: [ADDRESS], user: undefined, secure: false });
    const [headers = '', text = ''] = mail?.raw.split('\r\n\r\n') ?? [];
    const lines = headers.split('\r\n').sort();
    expect(lines.filter((line) => !line.startsWith('Date: '))).toEqual([
      'Auto-Submitted: auto-generated',
      'Content-Transfer-Encoding: 7bit',
      'Content-Type: text/plain; charset=utf-8',
      'From: Example <no-reply@example.com>',
      'MIME-Version: 1.0',
      `Message-ID: <${DELIVERY_ID}@example.com>`,
      'Subject: Your Example code',
      `To: ${ADDRESS}`,
    ]);
    expect(headers).not.toContain(CODE);
    expect(text.trimEnd()).toBe(email().text.reveal().replaceAll('\n', '\r\n'));
  });

  it.each([
    ['Bücher & Co <a@example.com>', 'From: =?UTF-8?Q?B=C3=BCcher_=26_Co?= <a@example.com>'],
    ['"Example, Inc." <a@example.com>', 'From: "Example, Inc." <a@example.com>'],
    ['<a@example.com>', 'From: a@example.com'],
    ['a@example.com', 'From: a@example.com'],
  ])('comes from %j', async (from, line) => {
    const server = await start();
    await send(server, { from });
    expect(server.mails[0]?.raw).toContain(`${line}\r\n`);
  });

  it.each([
    ['Grüße', 'Subject: =?UTF-8?Q?Gr=C3=BC=C3=9Fe?='],
    ['Code\r\nBcc: other@example.com\r\n\r\nText', 'Subject: Code Bcc: other@example.com Text'],
    [`Your code ${CODE}`, 'Subject: Your verification code'],
    [undefined, 'Subject: Your verification code'],
    [' ', 'Subject: Your verification code'],
  ])('with the subject %j', async (subject, line) => {
    const server = await start();
    await send(server, {}, email({ subject }));
    const [mail] = server.mails;
    expect(mail?.raw.split('\r\n\r\n')[0]?.split('\r\n')).toContain(line);
    expect(mail?.to).toEqual([ADDRESS]);
    expect(mail?.raw).not.toMatch(/^Bcc:/im);
  });

  it('takes nothing into a header from a delivery id', async () => {
    const server = await start();
    const deliveryId = 'VL1>\r\nBcc: x@y.example';
    expect(await send(server, {}, email({ deliveryId }))).toEqual({ status: 'sent', reference: 'VL1Bccxyexample@example.com' });
    expect(server.mails[0]?.raw).toContain('Message-ID: <VL1Bccxyexample@example.com>\r\n');
  });

  it('gives back no reference that holds the code', async () => {
    const server = await start();
    expect(await send(server, {}, email({ deliveryId: `VL${CODE}` }))).toEqual({ status: 'sent' });
  });

  it('goes to addresses only', async () => {
    const server = await start();
    expect(await send(server, {}, sms())).toEqual(NOT_TRIED);
    expect(server.connections).toBe(0);
  });
});

describe('the answer of an SMTP server', () => {
  const refuse = (error: Error) => (_: unknown, __: unknown, callback: (error: Error) => void) => callback(error);

  it.each<[string, ServerOptions, unknown]>([
    ['no such recipient', { onRcptTo: refuse(reply(550)) }, REFUSED_FOR_GOOD],
    ['a full mailbox', { onRcptTo: refuse(reply(452)) }, REFUSED],
    ['greylisting', { onRcptTo: refuse(reply(450)) }, REFUSED],
    ['a sender to wait for', { onMailFrom: refuse(reply(451)) }, REFUSED],
    ['too many connections', { onConnect: (_, callback) => callback(reply(421)) }, REFUSED],
    ['nobody wanted', { onConnect: (_, callback) => callback(reply(554)) }, REFUSED],
    ['a message that is not wanted', { onData: (stream, _, callback) => stream.on('end', () => callback(reply(554))).resume() }, REFUSED_FOR_GOOD],
    ['a message for later', { onData: (stream, _, callback) => stream.on('end', () => callback(reply(451))).resume() }, REFUSED],
    ['an end instead of an answer', { onData: (stream, _, callback) => stream.on('end', () => callback(reply(421))).resume() }, REFUSED],
    ['a message that is too long', { size: 10 }, REFUSED],
  ])('%s', async (_, options, expected) => {
    const server = await start(options);
    expect(await send(server)).toEqual(expected);
    expect([server.connections, server.mails]).toEqual([1, []]);
  });

  it('tells an operator that the server does not take messages from this address', async () => {
    const server = await start({ onMailFrom: refuse(reply(550, `no ${ADDRESS}`)) });
    expect(await send(server)).toMatchObject({ ...REFUSED, error: { code: 'configuration_invalid', field: 'from' } });
  });

  it('is logged in for, percent-encoded as URLs are', async () => {
    const onAuth: ServerOptions['onAuth'] = ({ username, password }, _, callback) =>
      password === PASSWORD ? callback(null, { user: username }) : callback(reply(535));
    const server = await start({ authOptional: false, onAuth });
    const url = urlOf(server, 'smtp', `me%40example.com:${encodeURIComponent(PASSWORD)}@`);
    expect(await send(server, { url })).toEqual(SENT);
    expect(server.mails[0]?.user).toBe('me@example.com');
    const wrong = await send(server, { url: urlOf(server, 'smtp', 'me:wrong-9fK@') });
    expect(wrong).toMatchObject({ ...REFUSED, error: { code: 'configuration_invalid', field: 'url' } });
    expect(printed(wrong)).not.toContain('wrong-9fK');
  });

  it('passes where logging in fails for now', async () => {
    const server = await start({ authOptional: false, onAuth: (_, __, callback) => callback(reply(454)) });
    expect(await send(server, { url: urlOf(server, 'smtp', 'me:it@') })).toEqual(REFUSED);
  });

  it('refuses credentials where nobody asks for them, instead of going on without', async () => {
    const server = await start({ disabledCommands: ['STARTTLS', 'AUTH'] });
    expect(await send(server, { url: urlOf(server, 'smtp', 'me:it@') })).toMatchObject({ ...REFUSED, error: { field: 'url' } });
    expect(server.mails).toEqual([]);
  });
});

describe('TLS', () => {
  const { key, cert } = makeSelfSigned();

  it.each(['smtps', 'smtp'])('is used: %s', async (scheme) => {
    const server = await start({ key, cert, secure: scheme === 'smtps', onAuth: ({ username }, _, callback) => callback(null, { user: username }) });
    expect(await send(server, { url: urlOf(server, scheme, 'me:it@'), ca: cert })).toEqual(SENT);
    expect(server.mails[0]).toMatchObject({ secure: true, user: 'me' });
  });

  it.each(['smtps', 'smtp'])('is not believed without a certificate that is known: %s', async (scheme) => {
    const onAuth = vi.fn<NonNullable<ServerOptions['onAuth']>>();
    const server = await start({ key, cert, secure: scheme === 'smtps', onAuth });
    expect(await send(server, { url: urlOf(server, scheme, `me:${PASSWORD.replaceAll('/', '%2F').replace('@', '%40')}@`) })).toMatchObject(REFUSED);
    expect([server.mails, onAuth.mock.calls]).toEqual([[], []]);
  });

  it('is asked for before anything else, except on loopback or where its lack is acknowledged', () => {
    const requireTls = (url: string, allowUnencrypted?: boolean) => parseServer({ url, allowUnencrypted })?.requireTls;
    expect(requireTls('smtp://mail.example.com')).toBe(true);
    expect(requireTls('smtp://me:it@mail.example.com:25')).toBe(true);
    expect(requireTls('smtp://mail.example.com', true)).toBe(false);
    expect(['localhost', '127.0.0.1', '[::1]'].map((host) => requireTls(`smtp://${host}:2525`))).toEqual([false, false, false]);
    expect(parseServer({ url: 'smtps://mail.example.com' })).toMatchObject({ secure: true, port: undefined });
  });

  it('is never done without where it is asked for: no credentials, no address, no message', async () => {
    const said: string[] = [];
    const server = await start({
      onAuth: (_, __, callback) => {
        said.push('auth');
        callback(null, { user: 'me' });
      },
      onMailFrom: (_, __, callback) => {
        said.push('mail');
        callback(null);
      },
    });
    const settings = parseServer({ url: urlOf(server, 'smtp', 'me:it@') });
    const mail = toMail(email(), { name: '', address: 'a@example.com' });
    const result = await deliver({ ...settings!, requireTls: true }, mail, 10_000, signal);
    expect(result).toMatchObject({ sent: false, begun: false });
    expect(said).toEqual([]);
    const { error } = result as { error: unknown };
    expect(toFailedSend(error, false)).toMatchObject({ ...REFUSED, error: { code: 'configuration_invalid', field: 'url' } });
  });
});

describe('an SMTP server that does not answer', () => {
  it('is refused where nobody listens: nothing has left', async () => {
    const server = await start();
    await server.close();
    expect(await send(server)).toEqual(REFUSED);
    expect(await send(server, { url: 'smtps://does-not-exist.invalid' })).toEqual(REFUSED);
  });

  it.each<[string, (reached: () => void) => ServerOptions, unknown]>([
    ['before its greeting', (reached) => ({ onConnect: reached }), REFUSED],
    ['when it is told the sender', (reached) => ({ onMailFrom: reached }), REFUSED],
    ['when it is told the recipient', (reached) => ({ onRcptTo: reached }), REFUSED],
    ['after the message', (reached) => ({ onData: (stream) => void stream.on('end', reached).resume() }), UNKNOWN],
  ])('hangs up %s', async (_, makeOptions, expected) => {
    const { open: reached, reached: wait } = gate();
    const server = await start(makeOptions(reached));
    const sending = send(server);
    await wait;
    server.cut();
    expect(await sending).toEqual(expected);
    expect(server.connections).toBe(1);
  });

  it.each<[string, (reached: () => void) => ServerOptions, unknown]>([
    ['before its greeting', (reached) => ({ onConnect: reached }), REFUSED],
    ['when it is told the recipient', (reached) => ({ onRcptTo: reached }), REFUSED],
    ['after the message', (reached) => ({ onData: (stream) => void stream.on('end', reached).resume() }), UNKNOWN],
  ])('says nothing %s, and the time passes', async (_, makeOptions, expected) => {
    const { open: reached, reached: wait } = gate();
    const server = await start(makeOptions(reached));
    useFakeTimers();
    const sending = send(server);
    await wait;
    vi.advanceTimersByTime(10_000);
    expect(await sending).toEqual(expected);
  });

  it('has had its chance to greet after six seconds of ten, so that another sender has its own', async () => {
    const { open: reached, reached: wait } = gate();
    const server = await start({ onConnect: reached });
    useFakeTimers();
    const sending = send(server);
    await wait;
    vi.advanceTimersByTime(6_000);
    expect(await sending).toEqual(REFUSED);
  });

  it('is hung up on when the caller gives up', async () => {
    const { open: reached, reached: wait } = gate();
    const server = await start({ onData: (stream) => void stream.on('end', reached).resume() });
    const controller = new AbortController();
    const sending = send(server, {}, email(), controller.signal);
    await wait;
    controller.abort();
    expect(await sending).toEqual(UNKNOWN);
  });

  it('is not asked at all once the caller has given up', async () => {
    const server = await start();
    expect(await send(server, {}, email(), AbortSignal.abort())).toEqual(REFUSED);
    expect(server.connections).toBe(0);
  });

  it('is refused where it speaks no SMTP', async () => {
    const other: Server = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    open.push(other);
    const { port } = other.address() as { port: number };
    expect(await createSmtpSender({ url: `smtp://127.0.0.1:${port}`, from: FROM }).send(email(), { signal })).toEqual(REFUSED);
  });
});

describe('a transport of yours', () => {
  const own = (server: SmtpDouble, more: object = {}) => {
    const transport = createTransport({ host: '127.0.0.1', port: server.port, ...more });
    open.push(transport);
    return { transport, url: undefined };
  };

  it.each([{}, { pool: true }])('carries the same email: %j', async (more) => {
    const server = await start();
    expect(await send(server, own(server, more))).toEqual(SENT);
    expect(server.mails[0]).toMatchObject({ from: 'no-reply@example.com', to: [ADDRESS] });
    expect(server.mails[0]?.raw).toContain(`Message-ID: <${DELIVERY_ID}@example.com>\r\n`);
  });

  it('is believed when it says that nothing was sent', async () => {
    const server = await start({ onRcptTo: (_, __, callback) => callback(reply(550)) });
    expect(await send(server, own(server))).toEqual(REFUSED_FOR_GOOD);
    await server.close();
    expect(await send(server, own(server))).toEqual(REFUSED);
  });

  it('is unknown when it does not say how far it came', async () => {
    for (const makeOptions of [(reached: () => void) => ({ onMailFrom: reached }), (reached: () => void) => ({ onData: reached })]) {
      const { open: reached, reached: wait } = gate();
      const server = await start(makeOptions(reached));
      const sending = send(server, own(server));
      await wait;
      server.cut();
      expect(await sending).toEqual(UNKNOWN);
    }
  });

  it.each<[string, unknown, unknown]>([
    ['a string', ADDRESS, UNKNOWN],
    ['nothing', undefined, UNKNOWN],
    ['an error of its own', new Error(`${ADDRESS} ${CODE}`), UNKNOWN],
    ['a name that does not resolve', Object.assign(new Error(), { code: 'EDNS' }), REFUSED],
    ['a timeout of connecting', Object.assign(new Error(), { code: 'ETIMEDOUT', timeoutType: 'CONNECT_TIMEOUT' }), REFUSED],
    ['a timeout of waiting', Object.assign(new Error(), { code: 'ETIMEDOUT', timeoutType: 'SOCKET_TIMEOUT' }), UNKNOWN],
    ['a good reply in an error', Object.assign(new Error(), { responseCode: 250 }), UNKNOWN],
  ])('that throws %s', async (_, thrown, expected) => {
    const sendMail = vi.fn(() => Promise.reject(thrown));
    expect(await createSmtpSender({ transport: { sendMail }, from: FROM }).send(email(), { signal })).toEqual(expected);
    expect(sendMail).toHaveBeenCalledTimes(1);
  });

  it('that throws at once, or does not mind being aborted', async () => {
    const throwing = () => {
      throw new Error(ADDRESS);
    };
    expect(await createSmtpSender({ transport: { sendMail: throwing }, from: FROM }).send(email(), { signal })).toEqual(UNKNOWN);
    const controller = new AbortController();
    const hanging = createSmtpSender({ transport: { sendMail: () => new Promise(() => {}) }, from: FROM }).send(email(), {
      signal: controller.signal,
    });
    controller.abort();
    expect(await hanging).toEqual(UNKNOWN);
  });
});

describe('settings of an SMTP sender', () => {
  const sendMail = async () => {};
  it.each<[object, string]>([
    [{}, '`url` or `transport` must be given, and not both'],
    [{ url: 'smtp://localhost', transport: { sendMail } }, '`url` or `transport` must be given, and not both'],
    [{ transport: {} }, '`transport` must have a method `sendMail`'],
    [{ url: 'https://mail.example.com' }, '`url` must be smtps:// or smtp://'],
    [{ url: 'smtp://' }, '`url` must be smtps:// or smtp://'],
    [{ url: 'smtp://mail.example.com/?pool=true' }, '`url` must be smtps:// or smtp://'],
    [{ url: 'smtp://mail.example.com\r\n' }, '`url` must be smtps:// or smtp://'],
    [{ url: 'smtp://me@mail.example.com' }, '`url` must be smtps:// or smtp://'],
    [{ url: 'smtp://me:%zz@mail.example.com' }, '`url` must be smtps:// or smtp://'],
    [{ url: 5 }, '`url` must be smtps:// or smtp://'],
    [{ url: 'smtp://localhost', from: undefined }, '`from` must be an address'],
    [{ url: 'smtp://localhost', from: 'Example' }, '`from` must be an address'],
    [{ url: 'smtp://localhost', from: 'a@example.com, b@example.com' }, '`from` must be an address'],
    [{ url: 'smtp://localhost', from: 'A <a@example.com> <b@example.com>' }, '`from` must be an address'],
    [{ url: 'smtp://localhost', from: 'A\r\nBcc: b@example.com <a@example.com>' }, '`from` must be an address'],
    [{ url: 'smtp://localhost', from: 'A <a@example.com\n>' }, '`from` must be an address'],
    [{ url: 'smtp://localhost', from: '\u202eA <a@example.com>' }, '`from` must be an address'],
    [{ url: 'smtp://localhost', name: 'a b' }, '`name` must be'],
    [{ url: 'smtp://localhost', timeout: 50_001 }, '`timeout` must be'],
    [{ url: 'smtp://localhost', allowUnencrypted: 1 }, '`allowUnencrypted` must be true or false'],
    [{ url: 'smtp://localhost', ca: 5 }, '`ca` must be a certificate in PEM'],
    [{ from: '', name: '' }, '`name` must be 1 to 40 printable characters without a space; `from` must be an address'],
  ])('%j', (options, message) => {
    const create = () => createSmtpSender({ from: FROM, ...options } as SmtpSenderOptions);
    expect(create).toThrow(expect.objectContaining({ code: 'configuration_invalid', message: expect.stringContaining(message) }));
  });

  it('parse a mailbox into a name and one address', () => {
    expect(parseMailbox('Example Inc. <a@EXAMPLE.com>')).toEqual({ name: 'Example Inc.', address: 'a@example.com' });
    expect(parseMailbox('"Example, Inc." <a@example.com>')).toEqual({ name: 'Example, Inc.', address: 'a@example.com' });
    expect(parseMailbox('a@example.com')).toEqual({ name: '', address: 'a@example.com' });
  });

  it('have a name and a channel', () => {
    const sender = createSmtpSender({ url: 'smtp://localhost', from: FROM });
    expect([sender.name, sender.channels]).toEqual(['smtp', ['email']]);
    expect(createSmtpSender({ url: 'smtp://localhost', from: FROM, name: 'backup' }).name).toBe('backup');
  });
});

describe('I9 an SMTP sender', () => {
  const url = (server: SmtpDouble) => urlOf(server, 'smtp', `me:${encodeURIComponent(PASSWORD)}@`);
  const secrets = [ADDRESS, CODE, PASSWORD, encodeURIComponent(PASSWORD), Buffer.from(PASSWORD).toString('base64')];

  function expectSilence(value: unknown) {
    const text = printed(value);
    for (const secret of secrets) expect(text).not.toContain(secret);
  }

  it('shows neither address, code nor password in what it answers, whatever the server repeats', async () => {
    const noisy = (code: number) => reply(code, `${ADDRESS} ${CODE} ${PASSWORD} ${Buffer.from(PASSWORD).toString('base64')}`);
    const onAuth: ServerOptions['onAuth'] = (_, __, callback) => callback(null, { user: 'me' });
    const all: ServerOptions[] = [
      { onAuth: (_, __, callback) => callback(noisy(535)) },
      { onAuth, onMailFrom: (_, __, callback) => callback(noisy(550)) },
      { onAuth, onRcptTo: (_, __, callback) => callback(noisy(550)) },
      { onAuth, onData: (stream, _, callback) => stream.on('end', () => callback(noisy(554))).resume() },
    ];
    for (const options of all) {
      const server = await start(options);
      const result = await send(server, { url: url(server) });
      expect(result.status).toBe('refused');
      expectSilence(result);
    }
  });

  it('shows no password where it is printed itself, or refuses its settings', () => {
    expectSilence(createSmtpSender({ url: `smtps://me:${encodeURIComponent(PASSWORD)}@mail.example.com`, from: FROM }));
    expectSilence(parseServer({ url: `smtps://me:${encodeURIComponent(PASSWORD)}@mail.example.com` }));
    try {
      createSmtpSender({ url: `smtp://me:${encodeURIComponent(PASSWORD)}@mail.example.com/x`, from: `${ADDRESS}\n` });
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(CountersignError);
      expectSilence(error);
    }
  });

  it('prints nothing, and hands no text on', async () => {
    const write = vi.spyOn(process.stdout, 'write');
    const log = vi.spyOn(console, 'log');
    const server = await start();
    await send(server, {}, email({ text: new Secret('Hello') }));
    expect([write.mock.calls, log.mock.calls]).toEqual([[], []]);
    vi.restoreAllMocks();
  });
});
