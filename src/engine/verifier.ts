import { CODE_LENGTH } from '../core/codes.ts';
import { type Channel, Destination } from '../core/destination.ts';
import { CountersignError } from '../core/errors.ts';
import { createVerificationIds, toDeliveryId, type VerificationIds, type VerificationRef } from '../core/ids.ts';
import { createKeyRing, type KeyOptions, type KeyRing } from '../core/keys.ts';
import { createRandomPool } from '../core/random-pool.ts';
import { Secret } from '../core/secret.ts';
import type { JudgingProvider, Provider, ProviderLimit, ProviderOptions } from '../providers/provider.ts';
import type { RecordKey, Store } from '../stores/store.ts';
import { ask } from './ask.ts';
import { createResendRule, createStartRule, type SendCommand } from './begin.ts';
import { createCancelRule } from './cancel.ts';
import { type Claim, type ClaimOutcome, type GiveCode, nextSendAt, type Refusal } from './claim-send.ts';
import { createClearRule, createEraseRule, type OperatorCommand, type OperatorOutcome } from './clear.ts';
import { type CompleteCommand, type CompleteOutcome, createCompleteRule } from './complete.ts';
import { type Committed, decideRecord, type ToEntry, viewRecord } from './decide-record.ts';
import { createEmitter, type Emitter, type Listener, type VerifierEvents } from './events.ts';
import { findNewest, findVerification, type VerificationClaim } from './find-verification.ts';
import type { Guard, GuardRequest, GuardVerdict } from './guard.ts';
import { decideFingerprint, FINGERPRINT_KEY } from './index-fingerprint.ts';
import { toJournalEntry } from './journal.ts';
import { createJudgeRule, type JudgeCommand, type JudgeOutcome } from './judge.ts';
import { createCloseElsewhereRule, type JudgeClaim, type OpenElsewhere } from './judge-claim.ts';
import { type Limits, resolveLimits } from './limits.ts';
import { type AnyProvider, cancelOnce, checkOnce, isJudging, sendOnce, toCheckError, toJudgeClaim, toSendError } from './provider-calls.ts';
import type { DestinationRecord, VerificationRecord } from './record.ts';
import { describeVerification, renderJudged, renderShown, renderVerification, toJudgedElsewhere } from './render.ts';
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
  EraseResult,
  PendingVerification,
  RefusedResult,
  ResendInput,
  ResendResult,
  ShowResult,
  StartInput,
  StartResult,
  UnblockResult,
  VerificationInput,
} from './results.ts';
import type { Rule, RuleEvent } from './rule.ts';
import { createSettleRule, type SettleCommand } from './settle.ts';
import { createVault, type Vault } from './vault.ts';

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
  /** Ends a pending verification; it returns nothing to ladder or budgets. */
  cancel(input: VerificationInput): Promise<CancelResult>;
  /** What is known of a verification, without changing anything. For operators and support. */
  show(input: VerificationInput): Promise<ShowResult>;
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
  readonly #store: Store;
  readonly #provider: AnyProvider;
  readonly #judge: JudgeClaim | undefined;
  readonly #guard: Guard | undefined;
  readonly #journalsAll: boolean;
  readonly #service: string;
  readonly #limits: Limits;
  readonly #keys: KeyRing;
  readonly #vault: Vault;
  readonly #ids: VerificationIds;
  readonly #emitter: Emitter = createEmitter();
  readonly #random: (size: number) => Buffer = createRandomPool();
  #isReady = false;
  /** As the store said when it was first used. */
  #expireBefore = 0;

  constructor({ store, provider, service = 'default', limits, guard, journal = 'acts', ...keyOptions }: VerifierOptions) {
    assertPort(store, 'store', 'update');
    assertPort(provider, 'provider', 'send');
    assertProvider(provider);
    if (guard !== undefined) assertPort(guard, 'guard', 'assess');
    this.#store = store;
    this.#provider = provider;
    this.#judge = toJudgeClaim(provider);
    this.#guard = guard;
    this.#journalsAll = journal === 'all';
    this.#service = parseName(service, 'service', 'configuration_invalid');
    this.#limits = resolveLimits(limits);
    this.#keys = createKeyRing(keyOptions);
    this.#vault = createVault(this.#keys);
    this.#ids = createVerificationIds(this.#keys.id);
  }

  async start(input: StartInput): Promise<StartResult> {
    const { to, channel, code, options, ...owner } = parseStart(input, this.#provider);
    const denied = await this.#assess(to, channel, owner);
    if (denied !== undefined) return denied;
    const ref = { recordId: this.#toRecordId(to), entryId: this.#random(8).toString('base64url') };
    const destination = this.#keys.destinationKey(to.reveal());
    const rule = createStartRule(
      {
        // Names first, spreads last: the other way round V8 takes 0.8 µs for each name.
        destination,
        channel,
        masked: to.masked,
        life: to.kind === 'email' ? this.#limits.emailLife : this.#limits.life,
        knowsKey: this.#vault.knowsKey,
        seal: this.#vault.createSeal({ verificationId: this.#ids.encode(ref), service: this.#service, destinationKey: destination }, to.reveal()),
        ...this.#toClaim(ref, owner),
        ...this.#toSendCommand(ref, code),
      },
      this.#limits,
    );
    // Whether anything is known of a number is no secret here: a message leaves, or `retryAt` says that one did.
    const committed = await this.#update(ref.recordId, rule, false);
    return this.#deliver(ref.recordId, committed, { to, code, options, ...owner });
  }

  async resend(input: ResendInput): Promise<ResendResult> {
    const { id, channel, code, options, ...owner } = parseResend(input, this.#provider);
    const ref = this.#ids.decode(id);
    // A look before the update, for what the guard and the sender must know; the rule decides on the record as it is then.
    const found = ref && (await this.#look(ref, owner));
    if (ref === undefined || found === undefined) return { status: 'not_found' };
    const { verification } = found;
    const to = verification.state === 'pending' ? new Destination(this.#vault.open(ref.id, verification), verification.masked) : undefined;
    if (to !== undefined && channel !== undefined) assertReaches(channel, to.kind);
    const denied = to && (await this.#assess(to, channel ?? verification.channel, owner));
    if (denied) return denied;
    const rule = createResendRule({ ...this.#toClaim(ref, owner), ...this.#toSendCommand(ref, code), channel }, this.#limits);
    const committed = await this.#update(ref.recordId, rule);
    const { outcome, now } = committed;
    if (outcome.kind === 'not_found') return { status: 'not_found' };
    if (outcome.kind === 'ended') return { status: outcome.state };
    if (outcome.kind === 'judged_elsewhere') throw toJudgedElsewhere(outcome.provider);
    if (to === undefined) throw new CountersignError('store_unavailable', 'the record of this destination went back to an earlier state');
    return this.#deliver(ref.recordId, { outcome, now }, { to, code, options, ...owner });
  }

  async check(input: CheckInput): Promise<CheckResult> {
    const { of, code, attemptId, ...owner } = parseCheck(input, this.#limits.sharePending);
    const ref = typeof of === 'string' ? this.#ids.decode(of) : undefined;
    const recordId = typeof of === 'string' ? ref?.recordId : this.#toRecordId(of);
    if (recordId === undefined) return { status: 'not_found' };
    const claim = this.#toClaim({ recordId, entryId: ref?.entryId ?? '' }, owner);
    const destination = typeof of === 'string' ? undefined : this.#keys.destinationKey(of.reveal());
    const toId = ({ entryId }: Pick<VerificationRecord, 'entryId'>) => this.#ids.encode({ recordId, entryId });
    const command: JudgeCommand = {
      find: (record) => (destination === undefined ? findVerification(record, claim) : findNewest(record, { ...claim, destination })),
      length: code.length,
      matches: (verification) => this.#vault.matches(toId(verification), verification.code, code),
      open: (verification) => this.#vault.open(toId(verification), verification),
      attempt: attemptId === undefined ? undefined : (verification) => this.#vault.toAttempt(toId(verification), attemptId, code),
      isSilent: this.#provider.isSilent,
      ask: this.#judge && { provider: this.#judge.provider, acceptsAnyLength: this.#judge.acceptsAnyLength, askId: this.#random(16).toString('hex') },
    };
    const { outcome } = await this.#update(recordId, createJudgeRule(command, this.#limits));
    if (outcome.kind !== 'ask') return renderJudged(outcome, toId, owner.requester);
    return this.#ask(recordId, outcome, command, { code: new Secret(code), ...owner });
  }

  async cancel(input: VerificationInput): Promise<CancelResult> {
    const { id, ...owner } = parseVerificationInput(input);
    const ref = this.#ids.decode(id);
    if (ref === undefined) return { status: 'not_found' };
    const { outcome } = await this.#update(ref.recordId, createCancelRule(this.#toClaim(ref, owner)));
    if (outcome.ended !== undefined) await this.#endElsewhere(ref.recordId, outcome.ended);
    return { status: outcome.state ?? 'not_found' };
  }

  async show(input: VerificationInput): Promise<ShowResult> {
    const { id, ...owner } = parseVerificationInput(input);
    const ref = this.#ids.decode(id);
    const found = ref && (await this.#look(ref, owner));
    if (ref === undefined || found === undefined) return { status: 'not_found' };
    const { record, verification } = found;
    const resendAt = nextSendAt(record, verification.requester, this.#limits);
    return renderShown(verification, renderVerification(verification, ref.id, resendAt, record.time.seen, this.#limits), this.#limits);
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
    for (const verification of openElsewhere) await this.#endElsewhere(recordId, verification, verification.destination === key ? to : undefined);
    return { status: 'erased', verifications: erased };
  }

  on<Name extends keyof VerifierEvents>(name: Name, listener: Listener<Name>): () => void {
    return this.#emitter.on(name, listener);
  }

  /** Sends what was claimed, and settles the claim by what became of it. */
  async #deliver(recordId: string, { outcome, now }: Sendable, request: SendRequest): Promise<StartResult> {
    if (outcome.kind === 'code_needed')
      throw new CountersignError('invalid_request', 'this verification carries a code of yours: bring it again as `code`', { field: 'code' });
    if (outcome.kind === 'refused') return this.#refuse(recordId, outcome, now, request);
    const { verification, delivery } = outcome;
    const id = this.#ids.encode({ recordId, entryId: verification.entryId });
    const deliveryId = toDeliveryId(delivery.id);
    if (this.#emitter.hears('started')) this.#emitter.emit('started', { ...describeVerification(id, verification), deliveryId });
    const { to, options } = request;
    const closedElsewhere = await this.#closeElsewhere(recordId, to, outcome.openElsewhere);
    const command = { entryId: verification.entryId, deliveryId: delivery.id };
    if (closedElsewhere === undefined) {
      await this.#complete(recordId, { ...command, state: 'refused' });
      throw new CountersignError('provider_unavailable', `the provider ${this.#provider.name} did not end an earlier verification; nothing was sent`);
    }
    const code = () => (request.code === undefined ? this.#vault.derive(id, verification.code) : new Secret(request.code));
    const sent = await sendOnce(this.#provider, { to, channel: delivery.channel, verificationId: id, deliveryId, ...(options && { options }) }, code);
    const reference = sent.status === 'sent' && this.#judge !== undefined ? sent.reference : undefined;
    const completed = await this.#complete(recordId, { ...command, state: sent.status, reference, closedElsewhere });
    const rendered = this.#renderSent(id, outcome, now, completed);
    if (sent.status !== 'refused') return { status: 'pending', ...rendered };
    if (sent.limit === undefined) throw toSendError(this.#provider.name, sent);
    return this.#renderLimit(sent.limit, rendered, completed ?? { now, outcome: { verification } }, request);
  }

  /** A limit of the provider's own, told as one of ours. */
  #renderLimit(
    { reason, retryAfter, rule, detail }: ProviderLimit,
    rendered: PendingVerification,
    { now, outcome }: { readonly now: number; readonly outcome: Pick<CompleteOutcome, 'verification'> },
    { to, purpose }: SendRequest,
  ): RefusedResult {
    this.#emitter.emit('refused', { service: this.#service, purpose, to: to.masked, reason, ...(rule !== undefined && { rule }) });
    // Our own limits may hold it back for longer.
    const retryAt = retryAfter === undefined ? undefined : new Date(Math.max(now + retryAfter, rendered.resendAt.getTime()));
    return {
      status: 'refused',
      reason,
      ...(retryAt && { retryAt }),
      ...(rule !== undefined && { rule }),
      ...(detail !== undefined && { detail }),
      ...(reason === 'in_progress' && outcome.verification?.state === 'pending' && { verification: rendered }),
    };
  }

  /** Asks the provider about a guess that is charged, and settles it by what it says. */
  async #ask(
    recordId: string,
    { verification, destination }: Extract<JudgeOutcome, { kind: 'ask' }>,
    command: JudgeCommand,
    { code, requester }: ParsedOwner & { readonly code: Secret },
  ): Promise<CheckResult> {
    const { entryId } = verification;
    if (!isJudging(this.#provider) || command.ask === undefined) throw toJudgedElsewhere(verification.judge?.provider);
    const id = this.#ids.encode({ recordId, entryId });
    const to = new Destination(destination, verification.masked);
    const result = await checkOnce(this.#provider, { to, code, verificationId: id, reference: verification.judge?.reference });
    const digest = () => this.#vault.toGivenCode(id, code.reveal()).digest;
    const settle: SettleCommand = { ...command, entryId, askId: command.ask.askId, answer: result, digest };
    const { outcome } = await this.#update(recordId, createSettleRule(settle, this.#limits));
    if (outcome.kind === 'unjudged' || outcome.kind === 'ask') throw toCheckError(this.#provider.name, result);
    return renderJudged(outcome, () => id, requester);
  }

  /** Ends what the provider may still have pending before it begins another; entry ids of what has ended, undefined where something may not have. */
  async #closeElsewhere(recordId: string, to: Destination, open: readonly OpenElsewhere[]): Promise<readonly string[] | undefined> {
    for (const { entryId, reference } of open) {
      const receipt = { to, verificationId: this.#ids.encode({ recordId, entryId }), reference };
      if (!isJudging(this.#provider) || !(await cancelOnce(this.#provider, receipt))) return undefined;
    }
    return open.map(({ entryId }) => entryId);
  }

  /**
   * Ends at the provider what has ended here. Where that fails, or its destination does not open, the record remembers it, and the next start tries again.
   *
   * @param known the destination, where the caller has said it.
   */
  async #endElsewhere(recordId: string, verification: VerificationRecord, known?: Destination): Promise<void> {
    const { entryId, judge } = verification;
    if (judge === undefined || judge.provider !== this.#judge?.provider || !isJudging(this.#provider)) return;
    const id = this.#ids.encode({ recordId, entryId });
    const to = known ?? this.#openQuietly(id, verification);
    if (to === undefined) return;
    const hasEnded = await cancelOnce(this.#provider, { to, verificationId: id, reference: judge.reference });
    if (hasEnded) await this.#update(recordId, createCloseElsewhereRule([entryId], this.#limits)).catch(() => undefined);
  }

  /** A destination, for what is done beside an answer that is committed: what keeps it shut is no reason to take the answer back. */
  #openQuietly(id: string, verification: VerificationRecord): Destination | undefined {
    try {
      return new Destination(this.#vault.open(id, verification), verification.masked);
    } catch {
      return undefined;
    }
  }

  /** After a store that fails between the send and its settling the message is out and its claim committed: the record will read `unknown`, and so does the answer. */
  #renderSent(
    id: string,
    { verification, delivery, resendAt }: Claim,
    now: number,
    completed: Committed<CompleteOutcome> | undefined,
  ): PendingVerification {
    if (completed?.outcome.verification !== undefined) {
      return renderVerification(completed.outcome.verification, id, completed.outcome.resendAt, completed.now, this.#limits);
    }
    const deliveries = verification.deliveries.map((other) => (other.id === delivery.id ? ({ ...other, state: 'unknown' } as const) : other));
    return renderVerification({ ...verification, deliveries }, id, resendAt, now, this.#limits);
  }

  async #complete(recordId: string, command: CompleteCommand): Promise<Committed<CompleteOutcome> | undefined> {
    try {
      return await this.#update(recordId, createCompleteRule(command, this.#limits));
    } catch (error) {
      if (error instanceof CountersignError && error.code === 'store_unavailable') return undefined;
      throw error;
    }
  }

  #refuse(recordId: string, { reason, retryAt, live, resendAt }: Refusal, now: number, { to, purpose }: SendRequest): RefusedResult {
    this.#emitter.emit('refused', { service: this.#service, purpose, to: to.masked, reason });
    const id = live && this.#ids.encode({ recordId, entryId: live.entryId });
    return {
      status: 'refused',
      reason,
      ...(retryAt !== undefined && { retryAt: new Date(retryAt) }),
      ...(live &&
        id &&
        (reason === 'resend_too_soon' || reason === 'in_progress') && { verification: renderVerification(live, id, resendAt, now, this.#limits) }),
    };
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

  /** Runs a rule on a record; events go out after the commit, and only what was committed comes back. */
  async #update<O>(recordId: string, rule: Rule<O>, hidesAbsence = true): Promise<Committed<O>> {
    if (!this.#isReady) await this.#prepare();
    const toId = ({ entryId }: VerificationRecord) => this.#ids.encode({ recordId, entryId });
    const toEntry: ToEntry = (event, time) => (this.#journalsAll ? toJournalEntry(event, time, toId) : undefined);
    const committed = await ask(
      this.#store.update(toRecordKey(recordId), decideRecord(rule, this.#limits, { toEntry, expireBefore: this.#expireBefore, hidesAbsence })),
    );
    for (const event of committed.events) this.#publish(recordId, event);
    return committed;
  }

  async #look(ref: VerificationRef, owner: ParsedOwner): Promise<{ record: DestinationRecord; verification: VerificationRecord } | undefined> {
    if (!this.#isReady) await this.#prepare();
    const record = viewRecord(await ask(this.#store.read(toRecordKey(ref.recordId))), this.#limits, this.#expireBefore);
    const verification = findVerification(record, this.#toClaim(ref, owner));
    return verification && { record, verification };
  }

  async #operate(input: DestinationInput, createRule: (command: OperatorCommand) => Rule<OperatorOutcome>): Promise<OperatorOutcome> {
    const { to, by } = parseDestinationInput(input);
    const command = { service: this.#service, destination: this.#keys.destinationKey(to.reveal()), by };
    return (await this.#update(this.#toRecordId(to), createRule(command))).outcome;
  }

  /** Before the first use of the store; again at the next call where that failed. Calls at the same time ask together: the store decides them in one go. */
  async #prepare(): Promise<void> {
    const { expireBefore } = await ask(this.#store.update(FINGERPRINT_KEY, decideFingerprint(this.#keys.fingerprint)));
    this.#expireBefore = expireBefore;
    this.#isReady = true;
  }

  #publish(recordId: string, event: RuleEvent): void {
    const { verification } = event;
    // A record is shared by services, and a rule may close what belongs to another: that is not for listeners here.
    if (verification.service !== this.#service || !this.#emitter.hears(event.type)) return;
    const about = describeVerification(this.#ids.encode({ recordId, entryId: verification.entryId }), verification);
    if (event.type === 'checked') this.#emitter.emit('checked', { ...about, right: event.right });
    else if (event.type === 'delivered')
      this.#emitter.emit('delivered', { ...about, deliveryId: toDeliveryId(event.delivery.id), state: event.delivery.state });
    else this.#emitter.emit(event.type, about);
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

/** What a rule says of a send, and when. */
type Sendable = Pick<Committed<ClaimOutcome>, 'outcome' | 'now'>;

/** What is sent, and for whom. */
interface SendRequest extends ParsedOwner {
  readonly to: Destination;
  readonly code: string | undefined;
  readonly options: ProviderOptions | undefined;
}

function toRecordKey(id: string): RecordKey {
  return { kind: 'destination', partition: '', id };
}

/** A guard that fails, or answers neither yes nor no, lets nothing through. */
async function askGuard(guard: Guard, request: GuardRequest): Promise<GuardVerdict> {
  try {
    const verdict = await guard.assess(request);
    if (typeof verdict.allowed !== 'boolean') throw new TypeError('`allowed` must be true or false');
    return verdict;
  } catch (error) {
    if (error instanceof CountersignError) throw error;
    throw new CountersignError('provider_unavailable', 'the guard failed to decide; nothing was sent', { cause: error });
  }
}

/** Ensure that what a provider lacks is found out before a message has left: a verification that nobody can judge helps nobody. */
function assertProvider(provider: AnyProvider): void {
  const invalid = (problem: string) => new CountersignError('configuration_invalid', `\`provider\` ${problem}`, { field: 'provider' });
  if (!Array.isArray(provider.channels)) throw invalid('has no list of `channels`');
  if (!isJudging(provider)) return;
  assertPort(provider, 'provider', 'check');
  assertPort(provider, 'provider', 'cancel');
  const { codeLength, isolation } = provider;
  if (!(Number.isSafeInteger(codeLength) && codeLength >= CODE_LENGTH.min && codeLength <= CODE_LENGTH.max)) {
    throw invalid(`must say a \`codeLength\` from ${CODE_LENGTH.min} to ${CODE_LENGTH.max}`);
  }
  if (isolation !== 'verification' && isolation !== 'destination') throw invalid('must say its `isolation`: "verification" or "destination"');
}

function assertPort(port: unknown, field: string, method: string): void {
  if (typeof (port as Record<string, unknown> | undefined)?.[method] === 'function') return;
  throw new CountersignError('configuration_invalid', `\`${field}\` is missing or has no \`${method}\``, { field });
}
