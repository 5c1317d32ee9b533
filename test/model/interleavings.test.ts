import fc from 'fast-check';
import { describe, it } from 'vitest';
import { memoryTrack, race, runRace, versionedTrack } from './races.ts';

/** A failure prints its seed and path. `npm run model:long` runs ten times as many, from another seed. */
const SEED = Number(process.env.COUNTERSIGN_SEED ?? 20_260_115);
const RUNS = Number(process.env.COUNTERSIGN_COMMANDS ?? 100_000) / 100;
/** Long enough for a failure to be shrunk. */
const TIMEOUT = 60_000 + 60 * RUNS;

describe('calls at the same time', () => {
  it(
    'I1, I3, I4, I5, I6: several processes on one memory store',
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.scheduler(), race(false), (scheduler, plan) => runRace(scheduler, plan, memoryTrack())),
        { seed: SEED, numRuns: RUNS },
      );
    },
    TIMEOUT,
  );

  it(
    'I1, I3, I4, I5, I6: several compare-and-set loops on one database',
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.scheduler(), race(false), (scheduler, plan) => runRace(scheduler, plan, versionedTrack())),
        { seed: SEED, numRuns: RUNS },
      );
    },
    TIMEOUT,
  );

  it(
    'I1, I3, I4, I5, I6: the same with replies lost, writes that come late and deadlocks',
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.scheduler(), race(true), (scheduler, plan) => runRace(scheduler, plan, versionedTrack())),
        { seed: SEED, numRuns: RUNS },
      );
    },
    TIMEOUT,
  );
});
