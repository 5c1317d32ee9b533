import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createEmitter, type VerificationEvent } from './events.ts';

const event: VerificationEvent = { id: 'VE', service: 'default', purpose: 'default', channel: 'sms', to: '+1********71' };

describe('an emitter', () => {
  const unhandled: unknown[] = [];
  const note = (reason: unknown) => unhandled.push(reason);
  beforeEach(() => {
    unhandled.length = 0;
    process.on('unhandledRejection', note);
  });
  afterEach(() => {
    process.off('unhandledRejection', note);
  });

  it('gives an event to every listener of its name, in the order they came, and to no other', () => {
    const emitter = createEmitter();
    const heard: unknown[] = [];
    emitter.on('approved', (given) => heard.push(['first', given]));
    emitter.on('approved', (given) => heard.push(['second', given]));
    emitter.on('canceled', (given) => heard.push(['third', given]));
    emitter.emit('approved', event);
    expect(heard).toEqual([
      ['first', event],
      ['second', event],
    ]);
    emitter.emit('expired', event);
    expect(heard).toHaveLength(2);
  });

  it('gives a listener nothing any more once it was removed, twice or not, and the others go on', () => {
    const emitter = createEmitter();
    const heard: string[] = [];
    const remove = emitter.on('approved', () => heard.push('first'));
    emitter.on('approved', () => heard.push('second'));
    expect(remove()).toBeUndefined();
    remove();
    emitter.emit('approved', event);
    expect(heard).toEqual(['second']);
  });

  it('lets a listener remove itself while it listens', () => {
    const emitter = createEmitter();
    const heard: string[] = [];
    const remove = emitter.on('approved', () => {
      heard.push('once');
      remove();
    });
    emitter.on('approved', () => heard.push('always'));
    emitter.emit('approved', event);
    emitter.emit('approved', event);
    expect(heard).toEqual(['once', 'always', 'always']);
  });

  it('is changed by nothing that a listener throws: the next one is called', () => {
    const emitter = createEmitter();
    const heard: unknown[] = [];
    emitter.on('approved', () => {
      throw new Error('broken');
    });
    emitter.on('approved', (given) => heard.push(given));
    emitter.emit('approved', event);
    expect(heard).toEqual([event]);
  });

  it('is changed by nothing that a listener rejects with, now or later, and waits for none', async () => {
    const emitter = createEmitter();
    const heard: unknown[] = [];
    let fail: (reason: Error) => void = () => undefined;
    emitter.on('approved', () => Promise.reject(new Error('broken at once')) as unknown as undefined);
    emitter.on('approved', () => new Promise<never>((_resolve, reject) => (fail = reject)) as unknown as undefined);
    emitter.on('approved', (given) => heard.push(given));
    expect(emitter.emit('approved', event)).toBeUndefined();
    expect(heard).toEqual([event]);
    fail(new Error('broken later'));
    // Node tells of a rejection that nobody handles before the next turn of its loop.
    await setImmediate();
    expect(unhandled).toEqual([]);
  });

  it('knows whether anybody listens to a name', () => {
    const emitter = createEmitter();
    const heard = () => [emitter.hears('approved'), emitter.hears('canceled')];
    expect(heard()).toEqual([false, false]);
    const remove = [emitter.on('approved', () => undefined), emitter.on('approved', () => undefined)];
    expect(heard()).toEqual([true, false]);
    remove[0]?.();
    expect(heard()).toEqual([true, false]);
    remove[1]?.();
    expect(heard()).toEqual([false, false]);
  });

  it('takes whatever a listener returns', () => {
    const emitter = createEmitter();
    for (const returned of [undefined, null, 5, {}, { catch: 5 }]) emitter.on('approved', () => returned as undefined);
    expect(() => emitter.emit('approved', event)).not.toThrow();
  });
});
