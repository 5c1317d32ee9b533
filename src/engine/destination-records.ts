import { toDeliveryId, type VerificationIds } from '../core/ids.ts';
import type { RecordKey, Store } from '../stores/store.ts';
import { ask } from './ask.ts';
import { type Committed, decideRecord, type ToEntry, viewRecord } from './decide-record.ts';
import type { Emitter } from './events.ts';
import { decideFingerprint, FINGERPRINT_KEY } from './index-fingerprint.ts';
import { toJournalEntry } from './journal.ts';
import type { Limits } from './limits.ts';
import type { DestinationRecord, VerificationRecord } from './record.ts';
import { countAttemptsLeft, describeVerification } from './render.ts';
import type { Rule, RuleEvent } from './rule.ts';

/** What the records are reached with: parts of their verifier. */
export interface DestinationRecordsParts {
  readonly store: Store;
  readonly service: string;
  readonly limits: Limits;
  readonly ids: VerificationIds;
  readonly emitter: Emitter;
  /** Of the index secret. */
  readonly fingerprint: string;
  /** Whether each message and guess goes into the journal, and not operators' acts alone. */
  readonly journalsAll: boolean;
}

/**
 * The records of destinations, as a verifier has them of a store: a rule is run on one in one update, and what it tells goes out after the commit. Before
 * anything else it is seen that the store was begun with the same index secret.
 */
export class DestinationRecords {
  readonly #parts: DestinationRecordsParts;
  #isReady = false;
  /** As the store said when it was first used. */
  #expireBefore = 0;

  constructor(parts: DestinationRecordsParts) {
    this.#parts = parts;
  }

  /** Runs a rule on a record; events go out after the commit, and only what was committed comes back. @param hidesAbsence as of {@link decideRecord} */
  async update<O>(recordId: string, rule: Rule<O>, hidesAbsence = true): Promise<Committed<O>> {
    if (!this.#isReady) await this.#prepare();
    const { store, limits, ids, journalsAll } = this.#parts;
    const toId = ({ entryId }: VerificationRecord) => ids.encode({ recordId, entryId });
    const toEntry: ToEntry = (event, time) => (journalsAll ? toJournalEntry(event, time, toId) : undefined);
    const decide = decideRecord(rule, limits, { toEntry, expireBefore: this.#expireBefore, hidesAbsence });
    const committed = await ask(store.update(toRecordKey(recordId), decide));
    for (const event of committed.events) this.#publish(recordId, event);
    return committed;
  }

  /** A record as it would be now: to look at, never to decide by. */
  async view(recordId: string): Promise<DestinationRecord> {
    if (!this.#isReady) await this.#prepare();
    const { store, limits } = this.#parts;
    return viewRecord(await ask(store.read(toRecordKey(recordId))), limits, this.#expireBefore);
  }

  /** Before the first use of the store; again at the next call where that failed. Calls at the same time ask together: the store decides them in one go. */
  async #prepare(): Promise<void> {
    const { store, fingerprint } = this.#parts;
    const { expireBefore } = await ask(store.update(FINGERPRINT_KEY, decideFingerprint(fingerprint)));
    this.#expireBefore = expireBefore;
    this.#isReady = true;
  }

  #publish(recordId: string, event: RuleEvent): void {
    const { service, limits, ids, emitter } = this.#parts;
    const { verification } = event;
    // A record is shared by services, and a rule may close what belongs to another: that is not for listeners here.
    if (verification.service !== service || !emitter.hears(event.type)) return;
    const about = describeVerification(ids.encode({ recordId, entryId: verification.entryId }), verification);
    if (event.type === 'checked') emitter.emit('checked', { ...about, right: event.right, attemptsLeft: countAttemptsLeft(verification, limits) });
    else if (event.type === 'delivered')
      emitter.emit('delivered', { ...about, deliveryId: toDeliveryId(event.delivery.id), state: event.delivery.state });
    else emitter.emit(event.type, about);
  }
}

function toRecordKey(id: string): RecordKey {
  return { kind: 'destination', partition: '', id };
}
