import type { Channel } from '../core/destination.ts';
import type { RefusedResult } from './results.ts';
import type { SettledState } from './rule.ts';

/** What every event about a verification says. No number, address, code or requester is in any event. */
export interface VerificationEvent {
  readonly id: string;
  readonly service: string;
  readonly purpose: string;
  readonly channel: Channel;
  /** Masked. */
  readonly to: string;
}

/** A start or resend that was not sent. */
export interface RefusedEvent {
  readonly service: string;
  readonly purpose: string;
  /** Masked. */
  readonly to: string;
  readonly reason: RefusedResult['reason'];
  /** Which rule of the guard, or of the provider's guard, where it was one. */
  readonly rule?: string;
}

/** Event names and what their listeners are given. */
export interface VerifierEvents {
  /** A message is about to leave: for a new verification, or once more for a pending one. */
  readonly started: VerificationEvent & {
    readonly deliveryId: string;
    readonly attemptsLeft: number;
    readonly expiresAt: Date;
    /** From when on the limits allow the next message, if nothing else happens and this one is not refused. */
    readonly resendAt: Date;
  };
  /** A message has left, was refused, or nobody can tell. */
  readonly delivered: VerificationEvent & { readonly deliveryId: string; readonly state: SettledState };
  readonly refused: RefusedEvent;
  /** A guess was compared. `attemptsLeft` is 0 where it ended the verification. */
  readonly checked: VerificationEvent & { readonly right: boolean; readonly attemptsLeft: number };
  readonly approved: VerificationEvent;
  readonly canceled: VerificationEvent;
  readonly expired: VerificationEvent;
}

/** A listener; what it throws, or rejects with, changes nothing. */
export type Listener<Name extends keyof VerifierEvents> = (event: VerifierEvents[Name]) => void;

/** Listeners by event name. */
export interface Emitter {
  /** Adds a listener and returns what removes it. */
  on<Name extends keyof VerifierEvents>(name: Name, listener: Listener<Name>): () => void;
  /** Whether anybody listens: if not, the event need not be made. */
  hears(name: keyof VerifierEvents): boolean;
  emit<Name extends keyof VerifierEvents>(name: Name, event: VerifierEvents[Name]): void;
}

/** An emitter that never waits for a listener and never fails for one. */
export function createEmitter(): Emitter {
  const listeners = new Map<string, Set<(event: never) => unknown>>();
  return {
    on(name, listener) {
      const added = listeners.get(name) ?? new Set();
      listeners.set(name, added.add(listener));
      return () => void added.delete(listener);
    },
    hears: (name) => (listeners.get(name)?.size ?? 0) > 0,
    emit(name, event) {
      for (const listener of listeners.get(name) ?? []) callQuietly(listener as (event: unknown) => unknown, event);
    },
  };
}

function callQuietly(listener: (event: unknown) => unknown, event: unknown): void {
  try {
    const returned = listener(event);
    if (returned instanceof Promise) returned.catch(() => undefined);
  } catch {
    // A listener is a guest: an answer that was committed stays an answer.
  }
}
