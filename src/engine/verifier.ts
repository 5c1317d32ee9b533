import { type Channel, Destination } from '../core/destination.ts';
import { CountersignError } from '../core/errors.ts';
import { createVerificationIds, type VerificationIds, type VerificationRef } from '../core/ids.ts';
import { createKeyRing, type KeyOptions, type KeyRing } from '../core/keys.ts';
import { createRandomPool } from '../core/random-pool.ts';
import { Secret } from '../core/secret.ts';
import type { JudgingProvider, Provider } from '../providers/provider.ts';
import type { Store } from '../stores/store.ts';
import type { Act } from './act.ts';
import { askGuard } from './ask-guard.ts';
import { assertPort, assertProvider } from './assert-ports.ts';
import { createResendRule, createStartRule, type SendCommand } from './begin.ts';
import { type CancelOutcome, createCancelRule } from './cancel.ts';
import { type GiveCode, nextSendAt } from './claim-send.ts';
import { createClearRule, createEraseRule, type OperatorCommand, type OperatorOutcome } from './clear.ts';
import { Courier } from './courier.ts';
import { DestinationRecords } from './destination-records.ts';
import { createEmitter, type Emitter, type Listener, type VerifierEvents } from './events.ts';
import { type Find, findNewest, toFind, type VerificationClaim } from './find-verification.ts';
import type { Guard } from './guard.ts';
import { createJudgeRule, type JudgeCommand } from './judge.ts';
import type { JudgeClaim } from './judge-claim.ts';
import { type Limits, resolveLimits } from './limits.ts';
import { createOperatorApprovalRule } from './operator-approval.ts';
import { type AnyProvider, toJudgeClaim } from './provider-calls.ts';
import type { DestinationRecord, VerificationRecord } from './record.ts';
import { type JudgedOutcome, type Opened, renderJudged, renderShown, renderVerification, renderView, toJudgedElsewhere } from './render.ts';
import {
  assertReaches,
  type ParsedOwner,
  parseCheck,
  parseDestinationInput,
  parseName,
  parseResend,
  parseStart,
  parseVerificationInput,
} from './requests.ts';
import type {
  CancelResult,
  CheckInput,
  CheckResult,
  DestinationInput,
  EndedResult,
  EraseResult,
  NotFoundResult,
  RefusedResult,
  ResendInput,
  ResendResult,
  ShowResult,
  StartInput,
  StartResult,
  UnblockResult,
  VerificationInput,
} from './results.ts';
import type { Rule } from './rule.ts';
import { type WithSubject, withSubject } from './subject.ts';
import { createVault, type Vault } from './vault.ts';
import { type Judged, LazyJudged, type VerificationView } from './verification-view.ts';

/** Everything a verifier is made of. */
export interface VerifierOptions extends KeyOptions {
  readonly store: Store;
  /** Who gets codes to people: one that carries codes of ours, or one that issues and judges its own. */
  readonly provider: Provider | JudgingProvider;
  /** The tenant whose verifications these are. @defaultValue `default` */
  readonly service?: string;
  /** Any of {@link Limits}; the rest stay at {@link DEFAULT_LIMITS}. One set for a whole deployment: the store does not keep it. */
  readonly limits?: Partial<Limits>;
  /** Asked before every send. @defaultValue every send is worth its cost */
  readonly guard?: Guard;
  /** What goes into the store's journal: operators' acts, or each message and guess as well, a row more with most writes. @defaultValue `acts` */
  readonly journal?: 'acts' | 'all';
}

/**
 * Proves that a person holds a phone number or an email address. A well-formed request ends in a value; malformed input, misuse and a failing world throw
 * {@link CountersignError}: `invalid_destination`, `invalid_code`, `invalid_request`, `store_unavailable`, `provider_unavailable`, `provider_rejected`.
 */
export interface Verifier {
  /** Sends a code, or says from when on it would. With a requester, a start while one is pending sends that one again. */
  start(input: StartInput): Promise<StartResult>;
  /** Judges one guess. A right code is approved by exactly one call. */
  check(input: CheckInput): Promise<CheckResult>;
  /** Sends a pending verification again: same id, life not extended. */
  resend(input: ResendInput): Promise<ResendResult>;
  /** A {@link check}, with the verification in full. For doors, not for callers. */
  judge(input: CheckInput): Promise<Judged>;
  /** Ends a pending verification; it returns nothing to ladder or budgets. */
  cancel(input: VerificationInput): Promise<CancelResult>;
  /** What is known of a verification, without changing anything. For operators and support. */
  show(input: VerificationInput): Promise<ShowResult>;
  /** The same in full; undefined where nothing is found. For doors, not for callers. */
  view(input: VerificationInput): Promise<VerificationView | undefined>;
  /**
   * An operator's act: a pending verification is approved without a code. It proves nothing and gives no proof, ends no ladder, clears no run of wrong guesses and
   * makes nobody known. Idempotent; goes into the journal.
   */
  approve(input: VerificationInput, act?: Act): Promise<EndedResult | NotFoundResult>;
  /** An operator's act on a destination, over all services and spellings: enables it where it was disabled and begins its budgets and ladders anew. Goes into the journal. */
  unblock(input: DestinationInput): Promise<UnblockResult>;
  /** An operator's act on a destination, over all services and spellings: forgets its verifications; what was used of its budgets stays. Goes into the journal. */
  erase(input: DestinationInput): Promise<EraseResult>;
  /** Listens to what has been committed; nothing waits for a listener or fails for one. Returns what ends it. */
  on<Name extends keyof VerifierEvents>(name: Name, listener: Listener<Name>): () => void;
}

/**
 * Makes a verifier.
 *
 * @throws {CountersignError} `configuration_invalid`, naming the option.
 *
 * @example
 * const verifier = createVerifier({ secret, store: createMemoryStore(), provider: createSelfIssuedProvider({ senders: [outbox] }) });
 * const started = await verifier.start({ to: '+14155552671' });
 */
export function createVerifier(options: VerifierOptions): Verifier {
  return new StoreVerifier(options);
}

/** The shell around the rules: parse, ask the store, ask the provider, render. It decides nothing. */
class StoreVerifier implements Verifier {
  readonly #provider: AnyProvider;
  readonly #judge: JudgeClaim | undefined;
  readonly #guard: Guard | undefined;
  readonly #service: string;
  readonly #limits: Limits;
  readonly #keys: KeyRing;
  readonly #vault: Vault;
  readonly #ids: VerificationIds;
  readonly #emitter: Emitter = createEmitter();
  readonly #records: DestinationRecords;
  readonly #courier: Courier;
  readonly #random: (size: number) => Buffer = createRandomPool();

  constructor({ store, provider, service = 'default', limits, guard, journal = 'acts', ...keyOptions }: VerifierOptions) {
    assertPort(store, 'store', 'update');
    assertPort(provider, 'provider', 'send');
    assertProvider(provider);
    if (guard !== undefined) assertPort(guard, 'guard', 'assess');
    this.#provider = provider;
    this.#judge = toJudgeClaim(provider);
    this.#guard = guard;
    this.#service = parseName(service, 'service', 'configuration_invalid');
    this.#limits = resolveLimits(limits);
    this.#keys = createKeyRing(keyOptions);
    this.#vault = createVault(this.#keys);
    this.#ids = createVerificationIds(this.#keys.id);
    const shared = { service: this.#service, limits: this.#limits, ids: this.#ids, emitter: this.#emitter };
    this.#records = new DestinationRecords({ ...shared, store, fingerprint: this.#keys.fingerprint, journalsAll: journal === 'all' });
    this.#courier = new Courier({ ...shared, provider, vault: this.#vault, records: this.#records });
  }

  async start(input: StartInput): Promise<StartResult> {
    const { to, channel, code, language, options, binding, note, ...owner } = parseStart(input, this.#provider);
    const denied = await this.#assess(to, channel, owner);
    if (denied !== undefined) return denied;
    const ref = { recordId: this.#toRecordId(to), entryId: this.#random(8).toString('base64url') };
    const destination = this.#keys.destinationKey(to.reveal());
    const context = { verificationId: this.#ids.encode(ref), service: this.#service, destinationKey: destination };
    const rule = createStartRule(
      {
        // Names first, spreads last: the other way round V8 takes 0.8 µs for each name.
        destination,
        channel,
        masked: to.masked,
        life: to.kind === 'email' ? this.#limits.emailLife : this.#limits.life,
        knowsKey: this.#vault.knowsKey,
        seal: this.#vault.createSeal(context, to.reveal()),
        sealNote: note === undefined ? undefined : this.#vault.createSeal({ ...context, part: 'note' }, note),
        bind: binding === undefined ? undefined : (entryId) => this.#vault.toBinding(this.#ids.encode({ ...ref, entryId }), binding),
        ...this.#toClaim(ref, owner),
        ...this.#toSendCommand(ref, code),
      },
      this.#limits,
    );
    // Whether anything is known of a number is no secret here: a message leaves, or `retryAt` says that one did.
    const committed = await this.#records.update(ref.recordId, rule, false);
    return this.#courier.deliver(ref.recordId, committed, { to, code, language, options, ...owner });
  }

  async resend(input: ResendInput): Promise<ResendResult> {
    const { id, channel, code, language, options, ...owner } = parseResend(input, this.#provider);
    const ref = this.#ids.decode(id);
    // A look before the update, for what the guard and the sender must know; the rule decides on the record as it is then.
    const found = await this.#look(this.#toPlace(id, owner));
    if (ref === undefined || found === undefined) return { status: 'not_found' };
    const { verification } = found;
    const to = verification.state === 'pending' ? new Destination(this.#vault.open(ref.id, verification), verification.masked) : undefined;
    if (to !== undefined && channel !== undefined) assertReaches(channel, to.kind);
    const denied = to && (await this.#assess(to, channel ?? verification.channel, owner));
    if (denied) return denied;
    const rule = createResendRule({ ...this.#toClaim(ref, owner), ...this.#toSendCommand(ref, code), channel }, this.#limits);
    const committed = await this.#records.update(ref.recordId, rule);
    const { outcome, now } = committed;
    if (outcome.kind === 'not_found') return { status: 'not_found' };
    if (outcome.kind === 'ended') return { status: outcome.state };
    if (outcome.kind === 'judged_elsewhere') throw toJudgedElsewhere(outcome.provider);
    if (to === undefined) throw new CountersignError('store_unavailable', 'the record of this destination went back to an earlier state');
    return this.#courier.deliver(ref.recordId, { outcome, now }, { to, code, language, options, ...owner });
  }

  async check(input: CheckInput): Promise<CheckResult> {
    return (await this.judge(input)).result;
  }

  async judge(input: CheckInput): Promise<Judged> {
    const { of, code, binding, attemptId, purpose, requester } = parseCheck(input, this.#limits.sharePending);
    const place = this.#toPlace(of, { purpose, requester });
    if (place === undefined) return { result: { status: 'not_found' }, view: undefined };
    const { recordId, find, toId } = place;
    const submitted = binding === undefined ? code : `${code}\0${binding}`;
    const isBound = (verification: VerificationRecord) => this.#vault.isBound(toId(verification), verification, binding);
    const command: JudgeCommand = {
      find,
      length: code.length,
      matches: (verification) => {
        // Both, so that time does not tell which of them is wrong.
        const isCode = this.#vault.matches(toId(verification), verification.code, code);
        return isBound(verification) && isCode;
      },
      open: (verification) => this.#vault.open(toId(verification), verification),
      attempt: attemptId === undefined ? undefined : (verification) => this.#vault.toAttempt(toId(verification), attemptId, submitted),
      isSilent: this.#provider.isSilent,
      ask: this.#judge && { provider: this.#judge.provider, acceptsAnyLength: this.#judge.acceptsAnyLength, askId: this.#random(16).toString('hex') },
    };
    const judged = await this.#records.update(recordId, withSubject(createJudgeRule(command, this.#limits), find));
    const { outcome, before, after } = judged.outcome;
    if (outcome.kind !== 'ask') return this.#toJudged(place, outcome, { before, after, now: judged.now }, requester);
    const guess = { code: new Secret(code), isBound: isBound(outcome.verification) };
    const settled = await this.#courier.ask(recordId, outcome, command, guess);
    return this.#toJudged(place, settled.outcome.outcome, { before, after: settled.outcome.after, now: settled.now }, requester);
  }

  async cancel(input: VerificationInput): Promise<CancelResult> {
    return this.#end(input, ({ find }) => createCancelRule(find));
  }

  async approve(input: VerificationInput, { by }: Act = {}): Promise<EndedResult | NotFoundResult> {
    return this.#end(input, ({ find, toId }) => createOperatorApprovalRule({ find, toId, by }));
  }

  async show(input: VerificationInput): Promise<ShowResult> {
    const { of, ...owner } = parseVerificationInput(input, this.#limits.sharePending);
    const place = this.#toPlace(of, owner);
    const found = await this.#look(place);
    if (place === undefined || found === undefined) return { status: 'not_found' };
    const { record, verification } = found;
    const resendAt = nextSendAt(record, verification, this.#limits);
    const rendered = renderVerification(verification, place.toId(verification), resendAt, record.time.seen, this.#limits);
    return renderShown(verification, rendered, this.#limits);
  }

  async view(input: VerificationInput): Promise<VerificationView | undefined> {
    const { of, ...owner } = parseVerificationInput(input, this.#limits.sharePending);
    const place = this.#toPlace(of, owner);
    const found = await this.#look(place);
    if (place === undefined || found === undefined) return undefined;
    const { record, verification } = found;
    const id = place.toId(verification);
    return renderView(verification, id, this.#open(id, verification), record.time.seen, this.#limits);
  }

  async unblock(input: DestinationInput): Promise<UnblockResult> {
    const { wasBlocked } = await this.#operate(input, createClearRule);
    return { status: 'unblocked', wasBlocked };
  }

  async erase(input: DestinationInput): Promise<EraseResult> {
    const { erased, openElsewhere } = await this.#operate(input, createEraseRule);
    const { to } = parseDestinationInput(input);
    const [recordId, key] = [this.#toRecordId(to), this.#keys.destinationKey(to.reveal())];
    // One after the other: an operator can wait, and a provider counts requests.
    for (const verification of openElsewhere)
      await this.#courier.endElsewhere(recordId, verification, verification.destination === key ? to : undefined);
    return { status: 'erased', verifications: erased };
  }

  on<Name extends keyof VerifierEvents>(name: Name, listener: Listener<Name>): () => void {
    return this.#emitter.on(name, listener);
  }

  /** Asks the guard; undefined when the send may go on. */
  async #assess(to: Destination, channel: Channel, { purpose }: ParsedOwner): Promise<RefusedResult | undefined> {
    if (this.#guard === undefined) return undefined;
    const verdict = await askGuard(this.#guard, { country: to.country, kind: to.kind, channel, service: this.#service, purpose });
    if (verdict.allowed) return undefined;
    const { rule, detail, retryAt } = verdict;
    this.#emitter.emit('refused', { service: this.#service, purpose, to: to.masked, reason: 'guard_denied', rule });
    return { status: 'refused', reason: 'guard_denied', rule, detail, ...(retryAt && { retryAt }) };
  }

  async #look(place: Place | undefined): Promise<{ record: DestinationRecord; verification: VerificationRecord } | undefined> {
    if (place === undefined) return undefined;
    const record = await this.#records.view(place.recordId);
    const verification = place.find(record);
    return verification && { record, verification };
  }

  /** Ends a pending verification, here and then where a provider has it. */
  async #end(input: VerificationInput, createRule: (place: Place) => Rule<CancelOutcome>): Promise<EndedResult | NotFoundResult> {
    const { of, ...owner } = parseVerificationInput(input, this.#limits.sharePending);
    const place = this.#toPlace(of, owner);
    if (place === undefined) return { status: 'not_found' };
    const { outcome } = await this.#records.update(place.recordId, createRule(place));
    if (outcome.ended !== undefined) await this.#courier.endElsewhere(place.recordId, outcome.ended);
    return { status: outcome.state ?? 'not_found' };
  }

  /** @param subject the verification before and after, and when that was. */
  #toJudged({ toId }: Place, judged: JudgedOutcome, { before, after, now }: Subject, requester: string | undefined): Judged {
    return new LazyJudged(renderJudged(judged, toId, requester), () => {
      const verification = after ?? before;
      if (before === undefined || verification === undefined) return undefined;
      const id = toId(verification);
      // As it was when the guess was made: what ends a verification takes its seals away.
      const opened = judged.kind === 'approved' ? { to: new Destination(judged.destination, before.masked), note: undefined } : undefined;
      return renderView(verification, id, { ...this.#open(id, before), ...opened }, now, this.#limits);
    });
  }

  /** What only a pending verification has. */
  #open(id: string, verification: VerificationRecord): Opened {
    if (verification.state !== 'pending') return { to: undefined, note: undefined };
    return { to: new Destination(this.#vault.open(id, verification), verification.masked), note: this.#vault.openNote(id, verification) };
  }

  /** Where what a caller means is looked for; undefined for an id that is none. */
  #toPlace(of: string | Destination, owner: ParsedOwner): Place | undefined {
    const ref = typeof of === 'string' ? this.#ids.decode(of) : { recordId: this.#toRecordId(of), entryId: '' };
    if (ref === undefined) return undefined;
    const claim = this.#toClaim(ref, owner);
    const destination = typeof of === 'string' ? undefined : this.#keys.destinationKey(of.reveal());
    return {
      recordId: ref.recordId,
      find: destination === undefined ? toFind(claim) : (record) => findNewest(record, { ...claim, destination }),
      toId: ({ entryId }) => this.#ids.encode({ recordId: ref.recordId, entryId }),
    };
  }

  async #operate(input: DestinationInput, createRule: (command: OperatorCommand) => Rule<OperatorOutcome>): Promise<OperatorOutcome> {
    const { to, by } = parseDestinationInput(input);
    const command = { service: this.#service, destination: this.#keys.destinationKey(to.reveal()), by };
    return (await this.#records.update(this.#toRecordId(to), createRule(command))).outcome;
  }

  #toRecordId(to: Destination): string {
    return this.#keys.limitKey(to.revealFolded()).toString('base64url');
  }

  #toClaim({ entryId }: VerificationRef, { purpose, requester }: ParsedOwner): VerificationClaim {
    const key = requester === undefined ? undefined : this.#keys.requesterKey(this.#service, requester);
    return { entryId, service: this.#service, purpose, requester: key };
  }

  #toSendCommand({ recordId }: VerificationRef, code: string | undefined): SendCommand {
    const give: GiveCode = (entryId) => this.#vault.toGivenCode(this.#ids.encode({ recordId, entryId }), code ?? '');
    const deliveryId = this.#random(16).toString('hex');
    return {
      deliveryId,
      keyId: this.#vault.keyId,
      give: code === undefined ? undefined : give,
      judge: this.#judge,
      isSilent: this.#provider.isSilent,
    };
  }
}

/** What a guess was at, as a rule found it and left it, and the time it was decided at. */
interface Subject extends Omit<WithSubject<never>, 'outcome'> {
  readonly now: number;
}

/** Which record, and which verification in it. */
interface Place {
  readonly recordId: string;
  readonly find: Find;
  toId(verification: Pick<VerificationRecord, 'entryId'>): string;
}
