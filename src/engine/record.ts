import type { Channel } from '../core/destination.ts';

/**
 * Everything that limits one destination, in one record: its verifications, ladders and budgets. Times are milliseconds; keys are keyed hashes. Rules take a record and make another: nothing in it is ever changed in place.
 */
export interface DestinationRecord {
  readonly time: RecordTime;
  readonly verifications: readonly VerificationRecord[];
  readonly ladders: readonly LadderRecord[];
  /** The budgets that everyone shares who is not known. */
  readonly shared: Pool;
  readonly known: readonly KnownRequester[];
}

/** The time of a record. */
export interface RecordTime {
  /** The latest the record has seen, and what every rule goes by: a clock that is set back revives nothing. */
  readonly seen: number;
  /** What the store's clock shows now: the same, but after it was set back. Not kept. */
  readonly clock: number;
}

/** Terminal states never change; `pending` is the only one that is not. */
export type VerificationState = 'pending' | 'approved' | 'expired' | 'max_attempts_reached' | 'canceled' | 'failed';

/** One claim that this requester holds this destination for this purpose. */
export interface VerificationRecord {
  /** The second half of its id: 8 random bytes as base64url. */
  readonly entryId: string;
  /** '' where it was erased: see {@link isErased}. */
  readonly service: string;
  readonly purpose: string;
  /** Keyed hash; undefined when it was started without one. */
  readonly requester: string | undefined;
  /** Keyed hash of the exact destination. */
  readonly destination: string;
  readonly masked: string;
  /** The channel of the newest delivery. */
  readonly channel: Channel;
  readonly state: VerificationState;
  readonly createdAt: number;
  readonly expiresAt: number;
  /** When it came to its terminal state. */
  readonly endedAt: number | undefined;
  readonly code: CodeRecord;
  /** Wrong guesses judged. */
  readonly wrong: number;
  readonly deliveries: readonly DeliveryRecord[];
  /** The destination under AES-256-GCM; only while pending. */
  readonly sealed: string | undefined;
  /** What whoever serves it wants to find again, sealed as the destination is; only while pending. */
  readonly note: string | undefined;
  /** Keyed hash of what a check has to say beside the code; undefined where it was started without that. */
  readonly binding: string | undefined;
  /** Recent attempts that carried an `attemptId`. */
  readonly attempts: readonly AttemptRecord[];
  /** Whoever judges its code, where that is not the engine. */
  readonly judge: JudgeRecord | undefined;
}

/** A provider that issued the code of a verification and judges it. */
export interface JudgeRecord {
  /** Its name: another one must not be asked. */
  readonly provider: string;
  /** What it calls the verification; undefined until it has said so. */
  readonly reference: string | undefined;
  /** Whether its verification may still be pending, whatever became of ours: then it is canceled before another is begun. */
  readonly isOpen: boolean;
  /** Guesses it was asked about and has not answered yet, oldest first. They are charged. */
  readonly asked: readonly AskedRecord[];
}

/** A guess under way to a provider. */
export interface AskedRecord {
  /** 16 random bytes as hex. */
  readonly id: string;
  /** When it was charged. */
  readonly at: number;
  /** Keyed hash of the attempt id and the guess; undefined without an attempt id. */
  readonly attempt: string | undefined;
}

/** How the code of a verification is found again, without being kept. */
export interface CodeRecord {
  readonly keyId: string;
  readonly length: number;
  /** Which of the derived codes is alive. */
  readonly generation: number;
  /** Whether a wrong guess was made at this generation: then the next resend moves on. */
  readonly guessed: boolean;
  /** Keyed hash of a code that the caller gave; undefined for derived codes. */
  readonly digest: string | undefined;
}

/** `sending` for longer than `limits.sendingFor` reads as `unknown`: see {@link readDeliveryState}. */
export type DeliveryState = 'sending' | 'sent' | 'refused' | 'unknown';

/** One message carrying the code. */
export interface DeliveryRecord {
  /** 16 random bytes as hex. */
  readonly id: string;
  readonly channel: Channel;
  readonly state: DeliveryState;
  readonly at: number;
  /** The ladder before this send claimed its rung; only while sending. Undefined where there was none. */
  readonly before: LadderRecord | undefined;
}

/** How far one requester has come on the resend ladder. */
export interface LadderRecord {
  /** Keyed hash of the requester; '' for everyone without one. */
  readonly requester: string;
  /** Sends since the ladder began: the wait after the last is rung `step - 1`. */
  readonly step: number;
  readonly at: number;
}

/** Budgets and what was used of them. */
export interface Pool {
  /** When messages left, oldest first, as far back as a day. */
  readonly sends: readonly number[];
  /** When wrong guesses were judged, oldest first, as far back as a day. */
  readonly wrong: readonly number[];
  /** Wrong guesses since the last approval. */
  readonly run: number;
  /** When the last of the run was made. */
  readonly runAt: number;
  /** Ended by an operator only. */
  readonly disabled: boolean;
  /** The send that was given back last. While it is here nobody who shares the budgets is given back another. */
  readonly returned: ReturnedSend | undefined;
}

/** A send that surely was not sent, so that its slot was given back. Remembered until another of the same requester has kept its own, a day at most. */
export interface ReturnedSend {
  /** Keyed hash of the requester; undefined for everyone without one, and where that has been erased. */
  readonly by: string | undefined;
  readonly at: number;
}

/** A requester that was approved for this destination. */
export interface KnownRequester {
  readonly requester: string;
  readonly approvedAt: number;
  readonly pool: Pool;
}

/** What is answered to the same `attemptId` again. */
export interface AttemptRecord {
  /** Keyed hash of the attempt id; for a wrong guess of the guess with it. */
  readonly key: string;
  readonly at: number;
  /** Undefined: approved. Else the attempts left that were answered. */
  readonly attemptsLeft: number | undefined;
  /** The destination, under a key that takes the attempt id to derive; only for an approval. */
  readonly sealed: string | undefined;
}

/** Budgets nobody has used. */
export const EMPTY_POOL: Pool = { sends: [], wrong: [], run: 0, runAt: 0, disabled: false, returned: undefined };

/** A record of which nothing is known yet. */
export function createRecord(now: number): DestinationRecord {
  return { time: { seen: now, clock: now }, verifications: [], ladders: [], shared: EMPTY_POOL, known: [] };
}

/** The state of a delivery at a time: one that was `sending` too long ago is `unknown`, whatever became of its process. */
export function readDeliveryState(delivery: DeliveryRecord, now: number, sendingFor: number): DeliveryState {
  return delivery.state === 'sending' && now >= delivery.at + sendingFor ? 'unknown' : delivery.state;
}

/** Until when a message of this verification is under way; 0 when none is, and possibly past. */
export function sendingUntil({ deliveries }: Pick<VerificationRecord, 'deliveries'>, { sendingFor }: { readonly sendingFor: number }): number {
  return Math.max(0, ...deliveries.filter(({ state }) => state === 'sending').map(({ at }) => at + sendingFor));
}

/** The record with one of its verifications replaced. */
export function replaceVerification(record: DestinationRecord, changed: VerificationRecord): DestinationRecord {
  const verifications = record.verifications.map((verification) => (verification.entryId === changed.entryId ? changed : verification));
  return { ...record, verifications };
}

/** Whether all that is left of a verification is what a provider may still have pending. It is nobody's: no caller has a service without a name. */
export function isErased({ service }: Pick<VerificationRecord, 'service'>): boolean {
  return service === '';
}

/** A verification brought to a terminal state: what only a pending one needs is gone. */
export function endVerification(verification: VerificationRecord, state: Exclude<VerificationState, 'pending'>, now: number): VerificationRecord {
  return { ...verification, state, endedAt: now, sealed: undefined, note: undefined };
}
