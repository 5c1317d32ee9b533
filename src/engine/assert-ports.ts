import { CODE_LENGTH } from '../core/codes.ts';
import { CountersignError } from '../core/errors.ts';
import { type AnyProvider, isJudging } from './provider-calls.ts';

/** Ensure that what a provider lacks is found out before a message has left: a verification that nobody can judge helps nobody. */
export function assertProvider(provider: AnyProvider): void {
  const invalid = (problem: string) => new CountersignError('configuration_invalid', `\`provider\` ${problem}`, { field: 'provider' });
  if (!Array.isArray(provider.channels)) throw invalid('has no list of `channels`');
  if (!isJudging(provider)) return;
  assertPort(provider, 'provider', 'check');
  assertPort(provider, 'provider', 'cancel');
  const { codeLength, isolation } = provider;
  if (!(Number.isSafeInteger(codeLength) && codeLength >= CODE_LENGTH.min && codeLength <= CODE_LENGTH.max)) {
    throw invalid(`must say a \`codeLength\` from ${CODE_LENGTH.min} to ${CODE_LENGTH.max}`);
  }
  if (isolation !== 'verification' && isolation !== 'destination') throw invalid('must say its `isolation`: "verification" or "destination"');
}

/** Ensure that a part was given and can be asked. @throws {CountersignError} `configuration_invalid` with the option as `field` */
export function assertPort(port: unknown, field: string, method: string): void {
  if (typeof (port as Record<string, unknown> | undefined)?.[method] === 'function') return;
  throw new CountersignError('configuration_invalid', `\`${field}\` is missing or has no \`${method}\``, { field });
}
