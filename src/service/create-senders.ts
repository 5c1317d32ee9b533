import { CountersignError } from '../core/errors.ts';
import { createConsoleSender } from '../senders/console.ts';
import { createHttpGatewaySender, type HttpGatewayOptions } from '../senders/http-gateway.ts';
import { createOutboxSender } from '../senders/outbox.ts';
import type { Sender } from '../senders/sender.ts';
import { createSmtpSender } from '../senders/smtp.ts';
import { createTwilioMessagingSender, type TwilioMessagingOptions } from '../senders/twilio-messaging.ts';
import { createVonageSender, type VonageOptions } from '../senders/vonage.ts';
import type { Settings } from './settings.ts';

/** Senders that reach nobody. */
export const UNREAL_SENDERS: readonly string[] = ['console', 'outbox'];

/** A way out that is set, and how it is made. */
interface WayOut {
  readonly name: string;
  /** Where its settings are. */
  readonly section: string;
  readonly make: () => Sender;
}

/**
 * The ways out that are set, in the order in which they are tried.
 *
 * @throws {CountersignError} `configuration_invalid`, with one message that names each setting at fault.
 */
export function createSenders(settings: Settings): readonly Sender[] {
  const faults: string[] = [];
  const senders = pickWaysOut(settings, faults).flatMap(({ section, make }) => {
    try {
      return [make()];
    } catch (error) {
      if (!(error instanceof CountersignError)) throw error;
      faults.push(`${section}: ${error.message}`);
      return [];
    }
  });
  if (faults.length > 0) throw new CountersignError('configuration_invalid', faults.join('; '), { field: 'senders' });
  return senders;
}

/** The names of the ways out that are used, in order. */
export function listSenderNames(settings: Settings): readonly string[] {
  return pickWaysOut(settings, []).map(({ name }) => name);
}

function pickWaysOut(settings: Settings, faults: string[]): readonly WayOut[] {
  const set = listWaysOut(settings);
  const unreal: readonly WayOut[] = [
    { name: 'console', section: 'senders', make: () => createConsoleSender() },
    { name: 'outbox', section: 'senders', make: () => createOutboxSender() },
  ];
  if (settings.senders === undefined) return set.length > 0 ? set : unreal.slice(0, 1);
  return settings.senders.flatMap((name) => {
    const found = [...set, ...unreal].find((wayOut) => wayOut.name === name);
    if (found === undefined) faults.push(`senders: ${/^[\w-]{1,40}$/.test(name) ? name : 'one of them'} has no settings`);
    return found ?? [];
  });
}

function listWaysOut({ httpGateways, twilio, vonage, smtp }: Settings): readonly WayOut[] {
  const { accountSid, authToken, messagingFrom, messagingServiceSid, messagingBaseUrl } = twilio;
  const isMessaging = messagingFrom !== undefined || messagingServiceSid !== undefined;
  return [
    ...httpGateways.map((gateway, index) => ({
      name: String(gateway.name),
      section: `httpGateways[${index}]`,
      make: () => createHttpGatewaySender(gateway as unknown as HttpGatewayOptions),
    })),
    ...(isMessaging
      ? [
          {
            name: 'twilio_messaging',
            section: 'twilio',
            make: () =>
              createTwilioMessagingSender({
                ...{ accountSid, authToken },
                ...(messagingFrom === undefined ? { messagingServiceSid } : { from: messagingFrom }),
                ...(messagingBaseUrl !== undefined && { baseUrl: messagingBaseUrl }),
              } as TwilioMessagingOptions),
          },
        ]
      : []),
    ...(vonage.apiKey === undefined ? [] : [{ name: 'vonage', section: 'vonage', make: () => createVonageSender(vonage as VonageOptions) }]),
    ...(smtp.url === undefined
      ? []
      : [
          {
            name: 'smtp',
            section: 'smtp',
            make: () => createSmtpSender({ url: smtp.url ?? '', from: smtp.from ?? '', allowUnencrypted: smtp.allowUnencrypted }),
          },
        ]),
  ];
}
