/** The latest time a record has seen. */
export interface RecordClock {
  readonly seen: number;
}

/** A record's own time, as the design has it: the later of the clock and what it has seen, so that a clock that is set back revives nothing. */
export function timeAt({ seen }: RecordClock, clock: number): number {
  return Math.max(seen, clock);
}
