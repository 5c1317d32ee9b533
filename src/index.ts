/** Countersign's front door: the library with self-issued codes on a store in memory. Databases, SDKs and the test suite have subpaths of their own. */
export type { Clock } from './core/clock.ts';
export { type Channel, type Destination, parseDestination } from './core/destination.ts';
export { CountersignError, ERROR_CODES, type ErrorCause, type ErrorCode, type ErrorCodeMeaning } from './core/errors.ts';
export type { GivenKey, KeyOptions } from './core/keys.ts';
export type { Secret } from './core/secret.ts';
export { type CountryGuardOptions, createCountryGuard } from './engine/country-guard.ts';
export type { Listener, RefusedEvent, VerificationEvent, VerifierEvents } from './engine/events.ts';
export type { Guard, GuardRequest, GuardVerdict } from './engine/guard.ts';
export { DEFAULT_LIMITS, type Limits } from './engine/limits.ts';
export type * from './engine/results.ts';
export { createVerifier, type Verifier, type VerifierOptions } from './engine/verifier.ts';
export type * from './providers/provider.ts';
export { createSelfIssuedProvider, type SelfIssuedProviderOptions } from './providers/self-issued.ts';
export { type ConsoleSenderOptions, createConsoleSender } from './senders/console.ts';
export { createOutboxSender, type OutboxMessage, type OutboxSender, type OutboxSenderOptions } from './senders/outbox.ts';
export type { Message, Sender, SendResult } from './senders/sender.ts';
export { createMemoryStore, type MemoryStoreOptions } from './stores/memory.ts';
export type * from './stores/store.ts';
