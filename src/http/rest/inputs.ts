import { type TInteger, type TOptional, type TString, type TUnsafe, Type } from 'typebox';
import { CHANNELS, type Channel } from '../../core/destination.ts';

/** Fields that several operations take. The engine judges what is in them; here is what they look like. */

/** Names the service to act for. */
export const SERVICE: TOptional<TString> = Type.Optional(
  Type.String({ maxLength: 64, description: 'The service to act for. Needed with a key for all services; a key of one service acts for that one.' }),
);

/** What the code is good for. */
export const PURPOSE: TOptional<TString> = Type.Optional(
  Type.String({ pattern: '^[A-Za-z0-9_.-]{1,64}$', description: 'What the code is good for, and nothing else. Default: `default`.' }),
);

/** On whose behalf. */
export const REQUESTER: TOptional<TString> = Type.Optional(
  Type.String({
    minLength: 1,
    maxLength: 256,
    description: 'The account or device that asks. A verification that was started with one is found only with the same one.',
  }),
);

/** A phone number or an address. */
export const TO: TString = Type.String({ minLength: 1, maxLength: 320, description: 'A phone number in E.164 form or one email address.' });

/** A channel. */
export const CHANNEL_NAME: TUnsafe<Channel> = Type.Unsafe<Channel>({ enum: [...CHANNELS] });

/** How the code travels. */
export const CHANNEL: TOptional<TUnsafe<Channel>> = Type.Optional(
  Type.Unsafe<Channel>({ enum: [...CHANNELS], description: 'How the code travels. Default: `email` for an address, else `sms`.' }),
);

/** The language of the message. */
export const LOCALE: TOptional<TString> = Type.Optional(
  Type.String({
    minLength: 1,
    maxLength: 35,
    description:
      'The language of the message (BCP 47, such as `fr` or `fr-CA`), where there is a text in it. A template of the service’s wins over it.',
  }),
);

/** A guess, or a code of the caller's. @param description which of the two. */
export function codeField(description: string): TString {
  return Type.String({ minLength: 1, maxLength: 64, description });
}

/** How many items a page has at most. */
export const LIMIT: TOptional<TInteger> = Type.Optional(Type.Integer({ minimum: 1, maximum: 100, description: 'Items on a page. Default: 50.' }));

/** What {@link LIMIT} is where it is not given. */
export const DEFAULT_LIMIT = 50;
