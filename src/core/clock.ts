/**
 * A source of wall-clock time in milliseconds since 1970-01-01 UTC. Only a store owns one: every rule is given `now`, and no other part
 * of the engine asks what time it is.
 */
export interface Clock {
  now(): number;
}
