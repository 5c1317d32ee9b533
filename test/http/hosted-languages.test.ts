import { describe, expect, it } from 'vitest';
import type { Provider } from '../../src/providers/provider.ts';
import { createSelfIssuedProvider } from '../../src/providers/self-issued.ts';
import { createRecordingSender } from '../../src/testing/recording-sender.ts';
import { HostedWorld, US } from './hosted-world.ts';

describe('the language', () => {
  it.each([
    ['en', undefined, 'en', 'ltr', 'Your verification code is'],
    ['fr-CA,fr;q=0.9,en;q=0.1', undefined, 'fr', 'ltr', 'Votre code'],
    ['ar', undefined, 'ar', 'rtl', 'رمز'],
    ['de-DE', undefined, 'en', 'ltr', 'Your verification code is'],
    ['fr', 'es', 'es', 'ltr', 'Tu clave'],
    ['ar', 'fr-CA', 'fr', 'ltr', 'Votre code'],
    ['<script>', undefined, 'en', 'ltr', 'Your verification code is'],
  ] as const)(
    'of a browser that likes %j, in a session of %j, is %s on the page and in the message',
    async (likes, locale, tag, direction, message) => {
      const world = new HostedWorld();
      const browser = world.browser({ 'accept-language': likes });
      const page = await browser.open(await world.link(locale === undefined ? {} : { locale }));
      const code = await browser.submit(page, 'start', US);
      const strange = await world.browser({ 'accept-language': likes }).open(await world.link(locale === undefined ? {} : { locale }));
      for (const { text } of [page, code, strange]) expect(text).toContain(`<html lang="${tag}" dir="${direction}">`);
      expect(world.rest.sender.messages.at(-1)?.text.reveal()).toContain(message);
      world.rest.clock += 130_000;
      await browser.submit(code, 'resend');
      expect(world.rest.sender.messages).toHaveLength(2);
      expect(world.rest.sender.messages.at(-1)?.text.reveal()).toContain(message);
    },
  );

  it.each<[string, Provider['findLanguage'], string, string | undefined]>([
    ['the caller’s, where the provider writes it', (locale) => locale, 'pt-BR', 'pt-BR'],
    ['the page’s, where it does not', (locale) => (locale === 'fr' ? 'fr' : undefined), 'pt-BR', 'fr'],
    ['the provider’s own, where it writes neither', () => undefined, 'pt-BR', undefined],
    ['the provider’s own, where it has one alone', undefined, 'pt-BR', undefined],
    ['the caller’s with its region', (locale) => locale, 'fr-CA', 'fr-CA'],
  ])('of a message is %s', async (_, findLanguage, locale, expected) => {
    const sender = createRecordingSender();
    const { findLanguage: __, ...provider } = createSelfIssuedProvider({ senders: [sender] });
    const asked: (string | undefined)[] = [];
    const send: Provider['send'] = async (request) => {
      asked.push(request.language);
      return provider.send(request);
    };
    const world = new HostedWorld({ provider: { ...provider, send, ...(findLanguage && { findLanguage }) } });
    const browser = world.browser({ 'accept-language': 'fr' });
    const page = await browser.open(await world.link({ locale }));
    expect(page.text).toContain('<html lang="fr"');
    const code = await browser.submit(page, 'start', US);
    world.rest.clock += 130_000;
    await browser.submit(code, 'resend');
    expect(asked).toEqual([expected, expected]);
  });

  it('suggests the country of its region, and no other', async () => {
    const world = new HostedWorld();
    const link = await world.link();
    const chosen = async (likes: string) =>
      /value="(\w*)"[^>]* selected/.exec((await world.browser({ 'accept-language': likes }).open(link)).text)?.[1];
    expect([await chosen('de-AT'), await chosen('en-US,en'), await chosen('fr'), await chosen('')]).toEqual(['AT', 'US', undefined, undefined]);
  });
});
