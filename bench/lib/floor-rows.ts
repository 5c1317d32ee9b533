import { createCollectingStore } from './collecting-store.ts';
import type { StoredRow } from './sqlite-floor.ts';
import { checkGuess, createSubject, startNew, toGuess, toPhoneNumber } from './subject.ts';

/** Records of started verifications as the engine makes them, each for another number, and the ids they were given. */
export async function createStartedRows(from: number, count: number, now: number): Promise<{ rows: StoredRow[]; ids: string[] }> {
  const collecting = createCollectingStore(now);
  const verifier = createSubject(collecting.store);
  const ids: string[] = [];
  for (let index = from; index < from + count; index += 1) ids.push(await startNew(verifier, toPhoneNumber(index)));
  return { rows: collecting.take().filter(({ key }) => key.kind === 'destination'), ids };
}

/** The bodies that a right and a wrong guess leave behind: what the floor writes, so that its rows grow and shrink as those of `check` do. */
export async function createJudgedBodies(now: number): Promise<readonly [right: string, wrong: string]> {
  const judge = async (isRight: boolean) => {
    const { store, take } = createCollectingStore(now);
    const verifier = createSubject(store);
    await checkGuess(verifier, toGuess(await startNew(verifier, toPhoneNumber(0)), isRight));
    return take().find(({ key }) => key.kind === 'destination')?.body ?? '';
  };
  return [await judge(true), await judge(false)];
}
