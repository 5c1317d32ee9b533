import { inspect } from 'node:util';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type Channel, parseDestination } from '../core/destination.ts';
import { CountersignError } from '../core/errors.ts';
import { Secret } from '../core/secret.ts';
import { createOutboxSender } from '../senders/outbox.ts';
import type { Message, Sender } from '../senders/sender.ts';
import { createRecordingSender, type SendBehaviour } from '../testing/recording-sender.ts';
import type { ProviderSendRequest } from './provider.ts';
import { createSelfIssuedProvider, type SelfIssuedProviderOptions } from './self-issued.ts';

const request: ProviderSendRequest = {
  to: parseDestination('+14155552671'),
  channel: 'sms',
  code: new Secret('123456'),
  verificationId: `VE${'a'.repeat(32)}`,
  deliveryId: `VL${'b'.repeat(32)}`,
};

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** Only timers are faked: promises go on as they do. */
const useFakeTimers = () => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });

/** A sender that does what no contract promises. */
function foreign(send: (message: Message, options: { signal: AbortSignal }) => unknown, name = 'foreign'): Sender {
  return { name, channels: ['sms'], send: send as Sender['send'] };
}

/** A provider over recording senders named 0, 1, 2 …, and those senders. */
function provide(behaviours: readonly SendBehaviour[], options?: Partial<SelfIssuedProviderOptions>) {
  const senders = behaviours.map((behaviour, index) => createRecordingSender(behaviour, { name: String(index) }));
  return { provider: createSelfIssuedProvider({ senders, ...options }), senders, calls: () => senders.map((sender) => sender.calls) };
}

const refusal = (field: string, message: unknown = expect.any(String)) => expect.objectContaining({ code: 'configuration_invalid', field, message });

describe('self-issued provider', () => {
  it('hands its sender one message: text, code, subject, destination, delivery', async () => {
    const { provider, senders } = provide(['sent'], { template: 'Code {code}', subject: 'Sign in', origin: 'https://example.com' });
    await provider.send(request);
    await provider.send({ ...request, to: parseDestination('someone@example.com'), channel: 'email' });
    const [sms, email] = senders[0]?.messages ?? [];
    expect(sms).toMatchObject({ to: request.to, channel: 'sms', subject: undefined, deliveryId: request.deliveryId });
    expect([sms?.text.reveal(), sms?.code.reveal()]).toEqual(['Code 123456\n\n@example.com #123456', '123456']);
    expect([email?.subject, email?.text.reveal()]).toEqual(['Sign in', 'Code 123456']);
    expect(Object.isFrozen(sms)).toBe(true);
  });

  it('has the texts of message-text.ts where it is given none', async () => {
    const outbox = createOutboxSender();
    await createSelfIssuedProvider({ senders: [outbox] }).send(request);
    expect(outbox.last('+14155552671').text).toBe('Your verification code is 123456. Never share it with anyone.');
  });

  it('carries what its senders carry together, in the order of the channels', () => {
    const sender = (...channels: Channel[]) => createRecordingSender('sent', { channels });
    const { name, channels } = createSelfIssuedProvider({ senders: [sender('email', 'call'), sender('sms'), sender('call')] });
    expect([name, channels]).toEqual(['self_issued', ['sms', 'call', 'email']]);
  });

  it('uses the senders of the channel only; where there is none, it is refused for good', async () => {
    const [mail, sms] = [createRecordingSender('sent', { channels: ['email'] }), createRecordingSender('sent', { channels: ['sms'] })];
    const provider = createSelfIssuedProvider({ senders: [mail, sms] });
    await provider.send(request);
    expect([mail.calls, sms.calls]).toEqual([0, 1]);
    expect(await provider.send({ ...request, channel: 'call' })).toEqual({ status: 'refused', permanent: true });
    expect([mail.calls, sms.calls]).toEqual([0, 1]);
  });

  it('does not follow later changes of the list it was given', async () => {
    const senders = [createRecordingSender('refused'), createRecordingSender('sent')];
    const provider = createSelfIssuedProvider({ senders });
    senders.pop();
    expect(await provider.send(request)).toMatchObject({ status: 'sent' });
  });

  it('keeps `this` of a sender that is a class', async () => {
    class Gateway {
      readonly name = 'gateway';
      readonly channels = ['sms'] as const;
      readonly #reference = 'mine';
      async send() {
        return { status: 'sent', reference: this.#reference } as const;
      }
    }
    const provider = createSelfIssuedProvider({ senders: [new Gateway()] });
    expect(await provider.send(request)).toEqual({ status: 'sent', sender: 'gateway', reference: 'mine' });
  });
});

describe('order of senders', () => {
  it.each([
    [['sent', 'sent'], { status: 'sent', sender: '0' }, [1, 0]],
    [['refused', 'sent'], { status: 'sent', sender: '1' }, [1, 1]],
    [['refused_permanently', 'sent'], { status: 'sent', sender: '1' }, [1, 1]],
    [['unknown', 'sent'], { status: 'unknown' }, [1, 0]],
    [['throw', 'sent'], { status: 'unknown' }, [1, 0]],
    [['refused', 'unknown', 'sent'], { status: 'unknown' }, [1, 1, 0]],
    [['refused', 'throw', 'sent'], { status: 'unknown' }, [1, 1, 0]],
    [['refused', 'refused'], { status: 'refused', permanent: false }, [1, 1]],
    [['refused', 'refused_permanently'], { status: 'refused', permanent: false }, [1, 1]],
    [['refused_permanently', 'refused'], { status: 'refused', permanent: false }, [1, 1]],
    [['refused_permanently', 'refused_permanently'], { status: 'refused', permanent: true }, [1, 1]],
  ] as const)('%j', async (behaviours, result, calls) => {
    const made = provide(behaviours);
    expect(await made.provider.send(request)).toMatchObject(result);
    expect(made.calls()).toEqual(calls);
  });

  it('asks the next sender only after the one before has answered', async () => {
    let open: (outcome: 'refused') => void = () => {};
    const gate = new Promise<'refused'>((resolve) => {
      open = resolve;
    });
    const { provider, calls } = provide([gate, 'sent']);
    const sending = provider.send(request);
    await new Promise(setImmediate);
    expect(calls()).toEqual([1, 0]);
    open('refused');
    expect(await sending).toMatchObject({ status: 'sent', sender: '1' });
  });

  it('sends at most one message, whatever the senders do', async () => {
    const behaviour = fc.constantFrom('sent', 'refused', 'refused_permanently', 'unknown', 'throw');
    await fc.assert(
      fc.asyncProperty(fc.array(behaviour, { minLength: 1, maxLength: 5 }), async (behaviours) => {
        const { provider, calls } = provide(behaviours);
        const { status } = await provider.send(request);
        const asked = calls().filter((count) => count > 0).length;
        expect(calls()).toEqual(behaviours.map((_, index) => (index < asked ? 1 : 0)));
        const refusals = behaviours.findIndex((one) => !one.startsWith('refused'));
        expect(asked).toBe(refusals === -1 ? behaviours.length : refusals + 1);
        const last = behaviours[asked - 1] ?? '';
        expect(status).toBe(last === 'throw' ? 'unknown' : last.replace('_permanently', ''));
      }),
    );
  });
});

describe('answers of a foreign sender', () => {
  const throwing = () => {
    throw new Error('+14155552671 123456');
  };
  it.each<[string, () => unknown]>([
    ['throws at once', throwing],
    ['throws undefined', () => Promise.reject(undefined)],
    ['rejects', () => Promise.reject(new Error('+14155552671 123456'))],
    ['returns nothing', () => undefined],
    ['resolves to nothing', async () => undefined],
    ['resolves to null', async () => null],
    ['resolves to a text', async () => 'sent'],
    ['resolves to true', async () => true],
    ['resolves to an empty object', async () => ({})],
    ['resolves to an unheard-of status', async () => ({ status: 'queued' })],
    ['resolves to a status in other letters', async () => ({ status: 'Sent' })],
    ['resolves to a list', async () => ['sent']],
    ['resolves to an object that throws when read', async () => Object.defineProperty({}, 'status', { get: throwing })],
    ['has a `then` that throws', () => Object.defineProperty({}, 'then', { get: throwing })],
  ])('one that %s is unknown', async (_, send) => {
    const second = createRecordingSender('sent');
    const provider = createSelfIssuedProvider({ senders: [foreign(send), second] });
    expect(await provider.send(request)).toEqual({ status: 'unknown' });
    expect(second.calls).toBe(0);
  });

  it('takes an answer that is not a promise', async () => {
    const provider = createSelfIssuedProvider({ senders: [foreign(() => ({ status: 'sent' }))] });
    expect(await provider.send(request)).toEqual({ status: 'sent', sender: 'foreign' });
  });

  it.each([undefined, 'true', 1, false])('takes a refusal for permanent only if it says so: %j', async (permanent) => {
    const provider = createSelfIssuedProvider({ senders: [foreign(() => ({ status: 'refused', permanent }))] });
    expect(await provider.send(request)).toEqual({ status: 'refused', permanent: false });
  });

  it('hands on the first error of its senders, if each of them refused', async () => {
    const errors = [1, 2].map((which) => new CountersignError('configuration_invalid', `setting ${which}`));
    const [first, second] = errors.map((error) => foreign(() => ({ status: 'refused', permanent: false, error })));
    const taking = createRecordingSender('sent');
    const send = (...senders: Sender[]) => createSelfIssuedProvider({ senders }).send(request);
    expect(await send(createRecordingSender('refused'), first!, second!)).toEqual({ status: 'refused', permanent: false, error: errors[0] });
    expect(await send(first!, taking)).toMatchObject({ status: 'sent', sender: 'recording' });
  });

  it('hands on no error but one of ours: others print numbers', async () => {
    const sender = foreign(() => ({ status: 'refused', permanent: false, error: new Error('+14155552671') }));
    expect(await createSelfIssuedProvider({ senders: [sender] }).send(request)).toEqual({ status: 'refused', permanent: false });
  });

  it('copies nothing but what is known', async () => {
    const answers = [
      { status: 'sent', sender: 'impostor', reference: 'a', raw: 1 },
      { status: 'refused', permanent: true, raw: 1 },
      { status: 'unknown', raw: 1 },
    ];
    const results = answers.map((answer) => createSelfIssuedProvider({ senders: [foreign(() => answer)] }).send(request));
    expect(await Promise.all(results)).toEqual([
      { status: 'sent', sender: 'foreign', reference: 'a' },
      { status: 'refused', permanent: true },
      { status: 'unknown' },
    ]);
  });

  it.each([
    ['a carrier id', 'SM0b1c2d3e4f', true],
    ['a queue reply', '250 2.0.0 Ok: queued as 4F1B2', true],
    ['200 characters', 'r'.repeat(200), true],
    ['201 characters', 'r'.repeat(201), false],
    ['nothing', '', false],
    ['a number', 42, false],
    ['an object', { id: 'x' }, false],
    ['a line feed', 'a\nb', false],
    ['an escape', '\x1b[2J', false],
    ['other letters', 'é', false],
    ['the number', 'to:+14155552671', false],
    ['the number without its plus', '14155552671-7', false],
    ['the code', 'msg-123456-1', false],
  ])('keeps as a reference %s (%j): %s', async (_, reference, kept) => {
    const provider = createSelfIssuedProvider({ senders: [foreign(() => ({ status: 'sent', reference }))] });
    expect(await provider.send(request)).toEqual({ status: 'sent', sender: 'foreign', ...(kept && { reference }) });
  });

  it.each(['someone@example.com', 'some+one@example.com', 'SomeOne@example.com'])(
    'drops a reference that repeats %s, in whatever case',
    async (to) => {
      const reference = `<${to.replace('s', 'S')}>`;
      const sender: Sender = { name: 'smtp', channels: ['email'], send: async () => ({ status: 'sent', reference }) };
      const provider = createSelfIssuedProvider({ senders: [sender] });
      const result = await provider.send({ ...request, to: parseDestination(to), channel: 'email' });
      expect(result).toEqual({ status: 'sent', sender: 'smtp' });
    },
  );

  it('never shows the code or the destination in what it returns (I9)', async () => {
    const echo = foreign(({ to, code, text }) => ({ status: 'sent', reference: `${to.reveal()}/${code.reveal()}`, raw: text.reveal() }));
    const failing = foreign(({ to, code }) => Promise.reject(new Error(`${to.reveal()}/${code.reveal()}`)));
    const digits = fc.stringMatching(/^[0-9]{4,10}$/);
    const inputs = [digits, fc.stringMatching(/^[0-9]{4}$/), fc.constantFrom(echo, failing), fc.boolean()] as const;
    await fc.assert(
      fc.asyncProperty(...inputs, async (code, subscriber, sender, phone) => {
        const to = parseDestination(phone ? `+1415555${subscriber}` : `a${subscriber}@example.com`);
        const provider = createSelfIssuedProvider({ senders: [sender] });
        const result = await provider.send({ ...request, to, code: new Secret(code), deliveryId: 'VLbb', verificationId: 'VEaa' });
        expect(result.status).toBe(sender === echo ? 'sent' : 'unknown');
        for (const value of [result, provider]) {
          const shown = `${inspect(value, { depth: null, showHidden: true, getters: true })}\n${JSON.stringify(value)}`;
          expect(shown).not.toContain(code);
          expect(shown).not.toContain(subscriber);
        }
      }),
    );
  });
});

describe('time for one send', () => {
  it('ends a hung sender as unknown, after ten seconds and not before', async () => {
    useFakeTimers();
    const { provider, calls } = provide(['hang', 'sent']);
    const settled = vi.fn();
    const sending = provider.send(request).then(settled);
    await vi.advanceTimersByTimeAsync(9_999);
    expect(settled).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    await sending;
    expect(settled).toHaveBeenCalledWith({ status: 'unknown' });
    expect(calls()).toEqual([1, 0]);
  });

  it('gives each sender the whole time', async () => {
    useFakeTimers();
    const slow = (status: string) => foreign(() => new Promise((resolve) => setTimeout(resolve, 900, { status })), status);
    const provider = createSelfIssuedProvider({ senders: [slow('refused'), slow('sent')], sendTimeout: 1_000 });
    const sending = provider.send(request);
    await vi.advanceTimersByTimeAsync(1_800);
    expect(await sending).toEqual({ status: 'sent', sender: 'sent' });
  });

  it('aborts the signal with a TimeoutError, and believes nothing that is said thereafter', async () => {
    useFakeTimers();
    const signals: AbortSignal[] = [];
    const obliging = foreign((_, { signal }) => {
      signals.push(signal);
      return new Promise((resolve) => signal.addEventListener('abort', () => resolve({ status: 'refused', permanent: true })));
    });
    const second = createRecordingSender('sent');
    const sending = createSelfIssuedProvider({ senders: [obliging, second], sendTimeout: 5 }).send(request);
    await vi.advanceTimersByTimeAsync(4);
    expect(signals[0]?.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(await sending).toEqual({ status: 'unknown' });
    expect(signals[0]?.reason).toMatchObject({ name: 'TimeoutError' });
    expect(second.calls).toBe(0);
  });

  it('leaves no unhandled rejection when the sender fails after its time', async () => {
    useFakeTimers();
    const unhandled = vi.fn();
    process.on('unhandledRejection', unhandled);
    try {
      let fail: (error: Error) => void = () => {};
      const sender = foreign(() => {
        return new Promise((_, reject) => {
          fail = reject;
        });
      });
      const sending = createSelfIssuedProvider({ senders: [sender] }).send(request);
      await vi.advanceTimersByTimeAsync(10_000);
      expect(await sending).toEqual({ status: 'unknown' });
      fail(new Error('too late'));
      await new Promise(setImmediate);
      await new Promise(setImmediate);
      expect(unhandled).not.toHaveBeenCalled();
    } finally {
      process.off('unhandledRejection', unhandled);
    }
  });

  it.each(['sent', 'refused', 'throw'] as const)('leaves no timer behind and aborts nothing when the sender answers: %s', async (behaviour) => {
    useFakeTimers();
    const signals: AbortSignal[] = [];
    const recording = createRecordingSender(behaviour);
    const sender = foreign((message, options) => {
      signals.push(options.signal);
      return recording.send(message, options);
    });
    await createSelfIssuedProvider({ senders: [sender] }).send(request);
    expect(vi.getTimerCount()).toBe(0);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
  });

  it('keeps the process alive until there is an answer', async () => {
    const timers = vi.spyOn(globalThis, 'setTimeout');
    let open: (outcome: 'sent') => void = () => {};
    const gate = new Promise<'sent'>((resolve) => {
      open = resolve;
    });
    const sending = provide([gate]).provider.send(request);
    expect(timers.mock.results.map(({ value }) => value.hasRef())).toEqual([true]);
    open('sent');
    await sending;
  });
});

describe('options of the self-issued provider', () => {
  const send = async () => ({ status: 'sent' });
  it.each([
    [undefined],
    [null],
    [[]],
    ['outbox'],
    [{}],
    [[undefined]],
    [[null]],
    [['outbox']],
    [[{ channels: ['sms'], send }]],
    [[{ name: '', channels: ['sms'], send }]],
    [[{ name: 'two words', channels: ['sms'], send }]],
    [[{ name: 'line\n', channels: ['sms'], send }]],
    [[{ name: 'n'.repeat(41), channels: ['sms'], send }]],
    [[{ name: 5, channels: ['sms'], send }]],
    [[{ name: 'a', send }]],
    [[{ name: 'a', channels: [], send }]],
    [[{ name: 'a', channels: 'sms', send }]],
    [[{ name: 'a', channels: ['sms', 'pigeon'], send }]],
    [[{ name: 'a', channels: ['sms'] }]],
    [[createOutboxSender(), { name: 'a', channels: ['sms'], send: 'no' }]],
  ])('refuses senders %j', (senders) => {
    expect(() => createSelfIssuedProvider({ senders } as unknown as SelfIssuedProviderOptions)).toThrow(refusal('senders'));
  });

  it('takes a name of 40 characters', () => {
    expect(() => createSelfIssuedProvider({ senders: [{ ...foreign(send), name: 'n'.repeat(40) }] })).not.toThrow();
  });

  it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '1000', null, 50_001])('refuses a timeout of %j', (sendTimeout) => {
    const options = { senders: [createOutboxSender()], sendTimeout } as SelfIssuedProviderOptions;
    expect(() => createSelfIssuedProvider(options)).toThrow(refusal('sendTimeout'));
  });

  it.each([1, 50_000])('takes a timeout of %j', (sendTimeout) => {
    expect(() => createSelfIssuedProvider({ senders: [createOutboxSender()], sendTimeout })).not.toThrow();
  });

  it('refuses what could outlast the 60 s after which a delivery reads as unknown, counted on the longest channel', () => {
    expect(() => provide(Array.from({ length: 5 }, () => 'sent'))).not.toThrow();
    expect(() => provide(Array.from({ length: 6 }, () => 'sent'))).toThrow(refusal('sendTimeout'));
    const crowded = Array.from({ length: 6 }, () => createRecordingSender('sent', { channels: ['sms'] }));
    const alone = createRecordingSender('sent', { channels: ['email'] });
    expect(() => createSelfIssuedProvider({ senders: [...crowded, alone] })).toThrow(refusal('sendTimeout'));
    const apart = (['sms', 'call', 'email'] as const).flatMap((channel) => Array(5).fill(createRecordingSender('sent', { channels: [channel] })));
    expect(() => createSelfIssuedProvider({ senders: apart })).not.toThrow();
  });

  it.each([
    [{ senders: [] }, '`senders` must list at least one sender'],
    [
      { senders: [{}] },
      '`senders` must each have a `name` (1 to 40 printable characters, no space), `channels` (of sms, call, whatsapp, email) and `send`',
    ],
    [{ senders: [createOutboxSender()], sendTimeout: 0 }, '`sendTimeout` must be a whole number of milliseconds'],
    [{ senders: [createOutboxSender()], sendTimeout: 60_000 }, '`sendTimeout` times 1 senders on one channel must not pass 50000 ms'],
  ])('says what is wrong: %j', (options, message) => {
    const create = () => createSelfIssuedProvider(options as unknown as SelfIssuedProviderOptions);
    expect(create).toThrow(refusal(Object.keys(options).at(-1) ?? '', message));
  });

  it.each([
    ['template', 'no code'],
    ['subject', 'a\nb'],
    ['origin', 'http://example.com'],
  ])('hands %s on to be checked', (field, value) => {
    expect(() => createSelfIssuedProvider({ senders: [createOutboxSender()], [field]: value })).toThrow(refusal(field));
  });

  it('warns about the length of an SMS where a sender carries SMS, and not otherwise', () => {
    const emitWarning = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const template = `${'a'.repeat(200)}{code}`;
    createSelfIssuedProvider({ senders: [createRecordingSender('sent', { channels: ['email'] })], template });
    expect(emitWarning).not.toHaveBeenCalled();
    createSelfIssuedProvider({ senders: [createRecordingSender('sent', { channels: ['sms'] })], template });
    expect(emitWarning).toHaveBeenCalledOnce();
  });
});
