import { describe, expect, it, vi } from 'vitest';
import { type Destination, parseDestination } from '../core/destination.ts';
import { Secret } from '../core/secret.ts';
import { createConsoleSender } from './console.ts';
import type { Message } from './sender.ts';

const { signal } = new AbortController();
const phone = parseDestination('+14155552671');

function messageTo(to: Destination, more?: Partial<Message>): Message {
  const code = new Secret('123456');
  return {
    to,
    channel: 'sms',
    subject: undefined,
    text: new Secret('Your code is 123456.\n\n@example.com #123456'),
    code,
    deliveryId: 'VL',
    ...more,
  };
}

describe('console sender', () => {
  it('prints the text as it would arrive, marked as development, with the destination masked', async () => {
    const write = vi.fn();
    const result = await createConsoleSender({ write }).send(messageTo(phone), { signal });
    expect(result).toEqual({ status: 'sent' });
    expect(write.mock.calls).toEqual([
      [
        [
          '',
          `----- DEVELOPMENT ONLY, nothing was sent: sms to ${phone.masked} -----`,
          'Your code is 123456.',
          '',
          '@example.com #123456',
          '----- end of message -----',
          '',
        ].join('\n'),
      ],
    ]);
    expect(write.mock.calls[0]?.[0]).not.toContain('4155552671');
  });

  it('prints the subject of an email', async () => {
    const write = vi.fn();
    const email = parseDestination('someone@example.com');
    await createConsoleSender({ write }).send(messageTo(email, { channel: 'email', subject: 'Sign in' }), { signal });
    expect(write.mock.calls[0]?.[0]).toContain(`email to ${email.masked} -----\nSubject: Sign in\n\nYour code is 123456.`);
    expect(write.mock.calls[0]?.[0]).not.toContain('someone@');
  });

  it('writes to standard output unless told otherwise', async () => {
    const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    try {
      await createConsoleSender().send(messageTo(phone), { signal });
      expect(write.mock.calls).toEqual([[expect.stringContaining('123456')]]);
    } finally {
      write.mockRestore();
    }
  });

  it('rejects when the writer fails, at once or later', async () => {
    const atOnce = createConsoleSender({
      write: () => {
        throw new Error('EPIPE');
      },
    });
    const later = createConsoleSender({ write: () => Promise.reject(new Error('EPIPE')) });
    await expect(atOnce.send(messageTo(phone), { signal })).rejects.toThrow('EPIPE');
    await expect(later.send(messageTo(phone), { signal })).rejects.toThrow('EPIPE');
  });

  it('stands in for every channel, or for those it is given', () => {
    expect(createConsoleSender().channels).toEqual(['sms', 'call', 'whatsapp', 'email']);
    expect(createConsoleSender({ channels: ['call'] }).channels).toEqual(['call']);
    expect(createConsoleSender().name).toBe('console');
  });

  it.each([[[]], ['sms'], [['pigeon']], [['sms', 'pigeon']], [null]])('refuses %j as channels', (channels) => {
    const create = () => createConsoleSender({ channels } as object);
    expect(create).toThrow(
      expect.objectContaining({
        code: 'configuration_invalid',
        field: 'channels',
        message: '`channels` must be a list of sms, call, whatsapp, email',
      }),
    );
  });

  it('refuses a writer that is none', () => {
    const create = () => createConsoleSender({ write: process.stdout } as object);
    expect(create).toThrow(expect.objectContaining({ code: 'configuration_invalid', field: 'write', message: '`write` must be a function' }));
  });
});
