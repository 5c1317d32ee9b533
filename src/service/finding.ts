/** One thing that was looked at. */
export interface Finding {
  /** `settings`, `store`, `secret`, `services`, `clock`, or the name of a sender or provider. */
  readonly name: string;
  /** `unknown`: it could not be told, and that alone is no fault. */
  readonly status: 'ok' | 'fault' | 'unknown';
  /** What was found, and what to do. */
  readonly text: string;
}
