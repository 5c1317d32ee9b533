/** Countersign's front door: the library with self-issued codes on a store in memory. Databases, SDKs and the test suite have subpaths of their own. */
export type { Clock } from './core/clock.ts';
export { type Channel, type Destination, parseDestination } from './core/destination.ts';
export { CountersignError, ERROR_CODES, type ErrorCause, type ErrorCode, type ErrorCodeMeaning } from './core/errors.ts';
export type { KeyOptions } from './core/keys.ts';
export type { Secret } from './core/secret.ts';
export { type CountryGuardOptions, createCountryGuard } from './engine/country-guard.ts';
export type { Listener, RefusedEvent, VerificationEvent, VerifierEvents } from './engine/events.ts';
export type { Guard, GuardRequest, GuardVerdict } from './engine/guard.ts';
export { DEFAULT_LIMITS, type Limits } from './engine/limits.ts';
export type * from './engine/results.ts';
export { type Verifier, type VerifierOptions, createVerifier } from './engine/verifier.ts';
export type { Provider, ProviderSendRequest, ProviderSendResult } from './providers/provider.ts';
export { type SelfIssuedProviderOptions, createSelfIssuedProvider } from './providers/self-issued.ts';
export { type ConsoleSenderOptions, createConsoleSender } from './senders/console.ts';
export { type OutboxMessage, type OutboxSender, type OutboxSenderOptions, createOutboxSender } from './senders/outbox.ts';
export type { Message, SendResult, Sender } from './senders/sender.ts';
export { type MemoryStoreOptions, createMemoryStore } from './stores/memory.ts';
export type * from './stores/store.ts';
