import { Destination } from '../core/destination.ts';
import { CountersignError } from '../core/errors.ts';
import { toDeliveryId, type VerificationIds } from '../core/ids.ts';
import { Secret } from '../core/secret.ts';
import type { ProviderLimit, ProviderOptions } from '../providers/provider.ts';
import type { Claim, ClaimOutcome, Refusal } from './claim-send.ts';
import { type CompleteCommand, type CompleteOutcome, createCompleteRule } from './complete.ts';
import type { Committed } from './decide-record.ts';
import type { DestinationRecords } from './destination-records.ts';
import type { Emitter } from './events.ts';
import type { JudgeCommand, JudgeOutcome } from './judge.ts';
import { createCloseElsewhereRule, type OpenElsewhere } from './judge-claim.ts';
import type { Limits } from './limits.ts';
import { type AnyProvider, cancelOnce, checkOnce, isJudging, sendOnce, toCheckError, toSendError } from './provider-calls.ts';
import type { VerificationRecord } from './record.ts';
import { describeStart, renderVerification, toJudgedElsewhere } from './render.ts';
import type { ParsedOwner } from './requests.ts';
import type { PendingVerification, RefusedResult, StartResult } from './results.ts';
import { createSettleRule, type SettleCommand, type SettleOutcome } from './settle.ts';
import { type WithSubject, withSubject } from './subject.ts';
import type { Vault } from './vault.ts';

/** What a courier is made of: parts of its verifier. */
export interface CourierParts {
  readonly provider: AnyProvider;
  readonly service: string;
  readonly limits: Limits;
  readonly vault: Vault;
  readonly ids: VerificationIds;
  readonly emitter: Emitter;
  readonly records: DestinationRecords;
}

/** What a rule says of a send, and when. */
export type Sendable = Pick<Committed<ClaimOutcome>, 'outcome' | 'now'>;

/** What is sent, and for whom. */
export interface SendRequest extends ParsedOwner {
  readonly to: Destination;
  readonly code: string | undefined;
  readonly language: string | undefined;
  readonly options: ProviderOptions | undefined;
}

/** What became of a guess once nobody has to be asked. */
export type SettledGuess = Exclude<SettleOutcome, { kind: 'ask' | 'unjudged' }>;

/**
 * Between the store and the provider: what was claimed is sent, what was charged is asked about, and the record is told what came of it. Its verifier has
 * parsed the call and decided it; what is repeated, believed and given back is for the rules and for `provider-calls.ts`.
 */
export class Courier {
  readonly #provider: AnyProvider;
  readonly #service: string;
  readonly #limits: Limits;
  readonly #vault: Vault;
  readonly #ids: VerificationIds;
  readonly #emitter: Emitter;
  readonly #records: DestinationRecords;

  constructor({ provider, service, limits, vault, ids, emitter, records }: CourierParts) {
    this.#provider = provider;
    this.#service = service;
    this.#limits = limits;
    this.#vault = vault;
    this.#ids = ids;
    this.#emitter = emitter;
    this.#records = records;
  }

  /** Sends what was claimed, and settles the claim by what became of it. */
  async deliver(recordId: string, { outcome, now }: Sendable, request: SendRequest): Promise<StartResult> {
    if (outcome.kind === 'code_needed')
      throw new CountersignError('invalid_request', 'this verification carries a code of yours: bring it again as `code`', { field: 'code' });
    if (outcome.kind === 'refused') return this.#refuse(recordId, outcome, now, request);
    const { verification, delivery } = outcome;
    const id = this.#ids.encode({ recordId, entryId: verification.entryId });
    const deliveryId = toDeliveryId(delivery.id);
    if (this.#emitter.hears('started')) this.#emitter.emit('started', { ...describeStart(id, outcome, this.#limits), deliveryId });
    const { to, language, options } = request;
    const closedElsewhere = await this.#closeElsewhere(recordId, to, outcome.openElsewhere);
    const command = { entryId: verification.entryId, deliveryId: delivery.id };
    if (closedElsewhere === undefined) {
      await this.#complete(recordId, { ...command, state: 'refused' });
      throw new CountersignError('provider_unavailable', `the provider ${this.#provider.name} did not end an earlier verification; nothing was sent`);
    }
    const code = () => (request.code === undefined ? this.#vault.derive(id, verification.code) : new Secret(request.code));
    const about = { to, channel: delivery.channel, verificationId: id, deliveryId };
    const sent = await sendOnce(this.#provider, { ...about, ...(language && { language }), ...(options && { options }) }, code);
    const reference = sent.status === 'sent' && isJudging(this.#provider) ? sent.reference : undefined;
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
  async ask(
    recordId: string,
    { verification, destination }: Extract<JudgeOutcome, { kind: 'ask' }>,
    command: JudgeCommand,
    { code, isBound }: { readonly code: Secret; readonly isBound: boolean },
  ): Promise<Committed<WithSubject<SettledGuess>>> {
    const { entryId } = verification;
    if (!isJudging(this.#provider) || command.ask === undefined) throw toJudgedElsewhere(verification.judge?.provider);
    const id = this.#ids.encode({ recordId, entryId });
    const to = new Destination(destination, verification.masked);
    const request = { to, code, verificationId: id, reference: verification.judge?.reference };
    // What the guess is bound to is wrong, so that the guess is, whatever the code.
    const result = isBound ? await checkOnce(this.#provider, request) : ({ status: 'wrong' } as const);
    const digest = () => this.#vault.toGivenCode(id, code.reveal()).digest;
    const settle: SettleCommand = { ...command, entryId, askId: command.ask.askId, answer: result, digest };
    const rule = withSubject(createSettleRule(settle, this.#limits), ({ verifications }) => verifications.find((other) => other.entryId === entryId));
    const settled = await this.#records.update(recordId, rule);
    const { outcome } = settled.outcome;
    if (outcome.kind === 'unjudged' || outcome.kind === 'ask') throw toCheckError(this.#provider.name, result);
    return { ...settled, outcome: { ...settled.outcome, outcome } };
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
  async endElsewhere(recordId: string, verification: VerificationRecord, known?: Destination): Promise<void> {
    const { entryId, judge } = verification;
    if (judge === undefined || judge.provider !== this.#provider.name || !isJudging(this.#provider)) return;
    const id = this.#ids.encode({ recordId, entryId });
    const to = known ?? this.#openQuietly(id, verification);
    if (to === undefined) return;
    const hasEnded = await cancelOnce(this.#provider, { to, verificationId: id, reference: judge.reference });
    if (hasEnded) await this.#records.update(recordId, createCloseElsewhereRule([entryId], this.#limits)).catch(() => undefined);
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
      return await this.#records.update(recordId, createCompleteRule(command, this.#limits));
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
}
