/** What tests of code around Countersign, and of stores and providers for it, are made of. */
export { createFakeClock, type FakeClock } from './fake-clock.ts';
export { type OpenedProvider, type OpenProvider, type ProviderFailures, type ProviderSuiteOptions, providerSuite } from './provider-suite.ts';
export {
  createRecordingSender,
  type RecordingSender,
  type RecordingSenderOptions,
  type SendBehaviour,
  type SendOutcome,
  type SendStep,
} from './recording-sender.ts';
export { type OpenedStore, type OpenStore, type StoreSuiteOptions, storeSuite } from './store-suite.ts';
export type { RegisterTest, TestRunner } from './test-runner.ts';
