import type { Load } from './load.ts';
import type { Row } from './report.ts';
import { formatSpread, toSpread } from './spread.ts';

/** A subject and the floor, measured one right after the other. */
export interface Pair {
  readonly subject: Load;
  readonly floor: Load;
}

/** Measures both, in the order that is asked for. */
export async function pair(isFloorFirst: boolean, runSubject: () => Promise<Load>, runFloor: () => Promise<Load>): Promise<Pair> {
  if (!isFloorFirst) return { subject: await runSubject(), floor: await runFloor() };
  const floor = await runFloor();
  return { floor, subject: await runSubject() };
}

/** The lines of a report: the ratio within pairs, and what both came to. */
export function toRows(name: string, pairs: readonly Pair[], least: number): Row[] {
  const ratio = toSpread(pairs.map(({ subject, floor }) => subject.opsPerSecond / floor.opsPerSecond));
  const [ours, floors] = [pairs.map(({ subject }) => subject), pairs.map(({ floor }) => floor)];
  return [
    { what: `\`${name}\` : floor`, measured: formatSpread(ratio, 2), target: { text: `≥ ${least}`, met: ratio.median >= least } },
    { what: `\`${name}\`, operations per second`, measured: formatSpread(toSpread(ours.map(({ opsPerSecond }) => opsPerSecond))) },
    { what: `its floor, operations per second`, measured: formatSpread(toSpread(floors.map(({ opsPerSecond }) => opsPerSecond))) },
    { what: `\`${name}\`, CPU µs per operation`, measured: formatSpread(toSpread(ours.map(({ cpuMicros }) => cpuMicros)), 1) },
    { what: `its floor, CPU µs per operation`, measured: formatSpread(toSpread(floors.map(({ cpuMicros }) => cpuMicros)), 1) },
  ];
}

/** Two halves of a list. */
export function halve<T>(items: readonly T[]): readonly [T[], T[]] {
  const middle = items.length / 2;
  return [items.slice(0, middle), items.slice(middle)];
}
