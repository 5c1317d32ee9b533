import { CountersignError } from '../../src/core/errors.ts';
import type { Limits } from '../../src/engine/limits.ts';
import type { Verifier } from '../../src/engine/verifier.ts';
import type { RecordKey, Store } from '../../src/stores/store.ts';
import { createFakeClock, type FakeClock } from '../../src/testing/fake-clock.ts';
import type {
  Caller,
  CheckCommand,
  Command,
  EdgeCommand,
  Guess,
  LookCommand,
  OperatorCommand,
  PassCommand,
  ResendCommand,
  StartCommand,
  StoreFault,
  Takes,
  When,
} from './commands.ts';
import { createFaultyStore, type FaultyStore } from './faulty-store.ts';
import { Broken } from './invariants.ts';
import { type Answer, Model, type Prediction, type Sending } from './model.ts';
import type { Owner, Place } from './model-record.ts';
import { type About, assertSame, type Known, Observer } from './observer.ts';
import { Probe } from './probe.ts';
import { openVerifier, PLACES, PURPOSES, REQUESTERS, ScriptedProvider, SERVICES } from './world.ts';

/** A store as a history meets it. */
export interface StoreHandle {
  readonly store: () => Store;
  /** The process ends and begins anew. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

/** What a history is played on. */
export interface Setting {
  readonly limits: Limits;
  readonly openStore: (clock: FakeClock) => StoreHandle;
  /** Whether each answer is compared with the model's; a store that is broken on purpose is only watched. @defaultValue true */
  readonly compares?: boolean;
  /** Whether each `retryAt` is tried on a copy of the store (I17). @defaultValue true */
  readonly probes?: boolean;
  /** What is broken on purpose beside the store. */
  readonly broken?: {
    /** The service that each verifier is given. */
    readonly toService?: (service: string) => string;
    /** What is done to the copies of a store that times are tried on. */
    readonly wrapCopy?: (store: Store) => Store;
    /** Whether a store that is down seems to be up. */
    readonly pretends?: boolean;
  };
}

/** What one call came to: its answer, with verifications by name, and its events. */
export interface Played {
  readonly answer: Answer;
  readonly events: readonly string[];
}

/** One call: whom it is about, what the model says of it, and how it is made. */
interface Call extends About {
  readonly fault: StoreFault;
  readonly predict: () => Prediction;
  readonly act: (verifier: Verifier) => Promise<unknown>;
  readonly sending?: Sending;
}

const OWN_CODE = '48151623';
const ATTEMPTS = [undefined, 'attempt-one', 'attempt-two'] as const;
const DAY = 86_400_000;
const EARLIEST = Date.UTC(1990, 0);
/** How many times an `edge` can choose from. */
const MARKS = 16;

/** Plays a history on a real verifier, the model and the watch side by side; throws at the first difference. */
export class Player {
  readonly clock: FakeClock = createFakeClock();
  readonly #setting: Setting;
  readonly #handle: StoreHandle;
  readonly #store: FaultyStore;
  readonly #provider: ScriptedProvider = new ScriptedProvider(this.clock);
  readonly #model: Model;
  readonly #observer: Observer;
  readonly #probe: Probe;
  /** The codes that the model gives a number. */
  readonly #codes = new Map<string, string>();
  readonly #recordKeys = new Map<string, RecordKey>();
  /** Verifications that are not found any more: there is little to learn from them. */
  readonly #gone = new Set<number>();
  /** By service, each made when it is first asked: most calls are of one. */
  readonly #verifiers = new Map<string, Verifier>();
  #keys: readonly string[] = ['k0'];
  #keysMade = 1;
  #marks: number[] = [];
  /** The time that the last answer named for the next call. */
  #nextAt = 0;
  /** Makes the last check once more. */
  #again: ((fault: StoreFault) => Promise<Played> | undefined) | undefined;

  constructor(setting: Setting) {
    this.#setting = setting;
    this.#handle = setting.openStore(this.clock);
    const { wrapCopy, pretends = false } = setting.broken ?? {};
    this.#store = createFaultyStore({ target: this.#handle.store, onWrite: () => this.#observer.written(), pretends });
    this.#model = new Model(setting.limits);
    this.#observer = new Observer(setting.limits, this.clock);
    this.#probe = new Probe(setting.limits, wrapCopy);
  }

  /** Plays one command; undefined when that was no call. */
  async play(command: Command): Promise<Played | undefined> {
    if ('when' in command) this.#wait(command.when);
    switch (command.do) {
      case 'start':
        return this.#start(command);
      case 'resend':
      case 'check':
      case 'cancel':
      case 'show':
      case 'approve':
        return this.#named(command);
      case 'again':
        return this.#again?.(command.fault);
      case 'unblock':
      case 'erase':
        return this.#operate(command);
      case 'sweep':
        return this.#sweep();
      case 'restart':
      case 'rotate':
      case 'retire':
        return this.#restart(command.do);
      default:
        this.#pass(command);
        return undefined;
    }
  }

  /** Looks at every verification once more (I4, I6). */
  async end(): Promise<Played[]> {
    const seen: Played[] = [];
    for (const [name, known] of this.#observer.known) seen.push(await this.#look('show', name, known, 'owner', 'none'));
    return seen;
  }

  close(): Promise<void> {
    return this.#handle.close();
  }

  // ── Commands

  #wait(when: When): void {
    if (when !== 'now' && this.#nextAt > this.clock.now()) this.clock.set(when === 'on_time' ? this.#nextAt : this.#nextAt - 1);
  }

  #start({ to, service, purpose, requester, fault, ...command }: StartCommand): Promise<Played> {
    const place = at(PLACES, to);
    const owner = { service: SERVICES[service], purpose: PURPOSES[purpose], requester: REQUESTERS[requester] };
    const sending = this.#toSending({ ...command, fault }, place);
    return this.#call({
      ...{ place, owner, by: 'owner', fault, sending },
      predict: () => this.#model.start(this.clock.now(), place, owner, sending),
      act: (verifier) =>
        verifier.start({ to: place.to, channel: sending.channel, code: sending.own, purpose: owner.purpose, requester: owner.requester }),
    });
  }

  #named(command: ResendCommand | CheckCommand | LookCommand): Promise<Played> | undefined {
    if (typeof command.which === 'string') return this.#nobody(command, command.which);
    const all = [...this.#observer.known];
    const answering = all.filter(([name]) => !this.#gone.has(name));
    const entries = answering.length === 0 ? all : answering;
    const [name, known] = entries.at(-1 - (command.which % Math.max(1, entries.length))) ?? [];
    if (name === undefined || known === undefined) return undefined;
    if (command.do === 'resend') return this.#resend(command, name, known);
    if (command.do === 'check') return this.#check(command, name, known);
    return this.#look(command.do, name, known, command.by, command.fault);
  }

  #resend({ by, fault, ...command }: ResendCommand, name: number, { id, place, ...known }: Known): Promise<Played> {
    const owner = toCaller(known.owner, by);
    const sending = this.#toSending({ ...command, fault }, place);
    const { channel, own: code } = sending;
    return this.#call({
      ...{ place, owner, by, fault, name, sending },
      predict: () => this.#model.resend(this.clock.now(), name, owner, sending),
      act: (verifier) => verifier.resend({ id, channel, code, purpose: owner.purpose, requester: owner.requester }),
    });
  }

  #check({ by, fault, ...command }: CheckCommand, name: number, known: Known): Promise<Played> {
    const [guess, code] = this.#toGuess(command, name, known.codes);
    const attemptId = at(ATTEMPTS, command.attempt);
    this.#again = (later) => {
      // What was wrong may be right the next time, and the other way round: the code moves on. Of one that nobody has seen it cannot be told.
      const alive = this.#alive(name);
      const read = code === alive ? 'right' : code.length === this.#length(name) ? 'wrong' : 'wrong_length';
      return alive === undefined ? undefined : this.#guess(name, known, by, later, guess === 'malformed' ? guess : read, code, attemptId);
    };
    return this.#guess(name, known, by, fault, guess, code, attemptId);
  }

  async #guess(
    name: number,
    { id, place, ...known }: Known,
    by: Caller,
    fault: StoreFault,
    guess: Guess,
    code: string,
    attemptId: string | undefined,
  ): Promise<Played> {
    const owner = toCaller(known.owner, by);
    const alive = this.#alive(name);
    const played = await this.#call({
      ...{ place, owner, by, fault, name },
      predict: () => this.#model.check(this.clock.now(), name, owner, guess, code, attemptId, fault),
      act: (verifier) => verifier.check({ id, code, attemptId, purpose: owner.purpose, requester: owner.requester }),
    });
    if (attemptId !== undefined) this.#mark(this.#now(place) + this.#setting.limits.replayFor);
    if (played.answer.status === 'approved') this.#observer.watch.answeredApproved(name, code, alive, attemptId);
    return played;
  }

  #look(act: LookCommand['do'], name: number, { id, place, ...known }: Known, by: Caller, fault: StoreFault): Promise<Played> {
    const owner = toCaller(known.owner, by);
    return this.#call({
      ...{ place, owner, by, fault, name },
      predict: () => this.#model[act](this.clock.now(), name, owner, fault),
      act: (verifier) => verifier[act]({ id, purpose: owner.purpose, requester: owner.requester }),
    });
  }

  async #operate({ do: act, service, to, fault }: OperatorCommand): Promise<Played> {
    const place = at(PLACES, to);
    const played = await this.#call({
      ...{ place, owner: { service: SERVICES[service], purpose: '', requester: undefined }, by: 'owner', fault },
      predict: () => this.#model.operate(act, this.clock.now(), place, fault),
      act: (verifier) => verifier[act]({ to: place.to }),
    });
    if (fault !== 'down') this.#observer.watch.operated(place.record, act, this.clock.now());
    return played;
  }

  /** An id that nobody was given: nothing is found, and nothing written. */
  #nobody(command: ResendCommand | CheckCommand | LookCommand, which: 'invented' | 'garbage'): Promise<Played> {
    const id = which === 'garbage' ? 'VE-no-id' : `VE${'0123456789abcdef'.repeat(2)}`;
    const [place, owner] = [
      { ...PLACES[0], record: 'none' },
      { service: SERVICES[0], purpose: PURPOSES[0], requester: undefined },
    ];
    return this.#call({
      ...{ place, owner, by: 'other_purpose', fault: 'none' },
      predict: () => ({ answer: { status: 'not_found' }, events: [] }),
      act: (verifier) => (command.do === 'check' ? verifier.check({ id, code: '123456' }) : verifier[command.do]({ id })),
    });
  }

  #pass(command: PassCommand | EdgeCommand): void {
    const now = this.clock.now();
    if (command.do === 'forward') this.clock.advance(command.by);
    if (command.do === 'back') this.clock.set(Math.max(EARLIEST, now - command.by));
    if (command.do === 'edge') {
      const coming = this.#marks.map((mark) => mark + command.off).filter((mark) => mark > now);
      this.clock.set(coming[command.mark % coming.length] ?? now);
    }
  }

  /** A new process: its verifiers know nothing but the store. */
  async #restart(how: 'restart' | 'rotate' | 'retire'): Promise<undefined> {
    if (how === 'rotate' && this.#keys.length < 3) this.#keys = [`k${this.#keysMade++}`, ...this.#keys];
    if (how === 'retire' && this.#keys.length > 1) this.#keys = this.#keys.slice(0, -1);
    this.#model.keys = this.#keys;
    await this.#handle.restart();
    this.#verifiers.clear();
  }

  #verifier(service: string): Verifier {
    const { limits, broken: { toService = (name: string) => name } = {} } = this.#setting;
    const opened = this.#verifiers.get(service) ?? openVerifier(this.#store, this.#provider, toService(service), this.#keys, limits);
    if (!this.#verifiers.has(service)) this.#observer.listen(opened);
    this.#verifiers.set(service, opened);
    return opened;
  }

  async #sweep(): Promise<undefined> {
    await this.#store.sweep(1000);
    for (const [record, key] of this.#recordKeys) {
      if ((await this.#handle.store().read(key)).body !== undefined) continue;
      const lost = this.#setting.compares === false ? undefined : this.#model.swept(record, this.clock.now());
      if (lost !== undefined) throw new Error(`a sweep removed a record that mattered: ${lost}`);
      this.#observer.watch.swept(record);
      this.#recordKeys.delete(record);
    }
  }

  // ── One call

  async #call(call: Call): Promise<Played> {
    const { place, owner, fault, sending } = call;
    this.#observer.begin(place.record);
    const handedBefore = this.#provider.handed.length;
    const hung = this.#provider.plan(sending?.outcome ?? 'sent', sending?.takes ?? 0);
    const prediction = this.#setting.compares === false ? undefined : call.predict();
    const verifier = this.#verifier(owner.service);
    this.#store.begin(fault);
    const result = await Promise.race([answerOf(() => call.act(verifier)), hung.then(() => ({ crashed: true }))]);
    this.#store.end();
    const handed = this.#provider.handed.slice(handedBefore);
    const events = this.#observer.hear(call, prediction?.verification);
    if (fault === 'down' && handed.length + events.length > 0) throw new Broken('I14', `the store was down, and ${events.join()} happened`);
    this.#observer.hearLost(prediction?.lost ?? [], call);
    this.#observer.handed(handed);
    const answer = this.#observer.toAnswer(result, call, prediction?.answer);
    if (fault === 'down' && !('thrown' in answer)) throw new Broken('I14', `the store was down, and the answer was ${JSON.stringify(answer)}`);
    this.#observer.judge(call, answer);
    if (prediction !== undefined) this.#compare(call, { answer, events }, prediction);
    if (this.#store.lastKey !== undefined && place.record !== 'none') this.#recordKeys.set(place.record, this.#store.lastKey);
    this.#markAll(answer, this.#now(place));
    if (fault === 'none' && this.#setting.probes !== false) await this.#probeWaits(call, answer);
    if (call.by === 'owner' && call.name !== undefined && answer.status === 'not_found') this.#gone.add(call.name);
    if ('crashed' in answer) await this.#restart('restart');
    return { answer, events };
  }

  #compare(call: Call, played: Played, { answer, events, verification }: Prediction): void {
    const now = this.#now(call.place);
    assertSame('answers', toPresent(played, now), toPresent({ answer, events: this.#observer.audible(events, call) }, now));
    const code = verification === undefined ? undefined : this.#model.code(verification);
    const sent = verification === undefined ? undefined : this.#observer.known.get(verification)?.codes.at(-1);
    if (code === undefined || sent === undefined) return;
    const numbered = `${verification}/${code.no}`;
    assertSame('codes', sent, code.own ?? this.#codes.get(numbered) ?? sent);
    // Short codes are the same by chance now and then.
    const before = this.#codes.get(`${verification}/${code.no - 1}`);
    if (sent.length >= 8 && sent === before && code.own === undefined) throw new Broken('I2', 'a code that had to move on was sent again');
    this.#codes.set(numbered, sent);
  }

  /** Tries a time that was named: just before it the same call is refused, then it is not (I17). */
  async #probeWaits(call: Call, { status, reason, retryAt, resendAt, id }: Answer): Promise<void> {
    const { limits } = this.#setting;
    const known = typeof id === 'number' ? this.#observer.known.get(id) : undefined;
    if (typeof retryAt === 'number') {
      // A message that may be under way for longer than its verification lives is let go with it.
      const mayEndSooner = reason === 'in_progress' && limits.sendingFor > limits.renewBefore;
      await this.#probeAt(retryAt, call, call.act, mayEndSooner);
    } else if (
      call.sending !== undefined &&
      status === 'pending' &&
      known !== undefined &&
      typeof resendAt === 'number' &&
      resendAt > this.#now(call.place)
    ) {
      const { purpose, requester } = known.owner;
      const code = known.codes.at(-1) === OWN_CODE ? OWN_CODE : undefined;
      await this.#probeAt(resendAt, call, (verifier) => verifier.resend({ id: known.id, purpose, requester, code }), false);
    }
  }

  async #probeAt(time: number, { place, owner }: Call, act: Call['act'], mayEndSooner: boolean): Promise<void> {
    const { watch } = this.#observer;
    const key = this.#store.lastKey;
    // From a requester's last day on its own budgets may give way to everyone's, and with them the time.
    if (key === undefined || watch.forgets(place.record, this.#now(place), time)) return;
    const { body } = await this.#handle.store().read(key);
    const tryAt = async (when: number) =>
      (await answerOf(() => this.#probe.at(when, { key, body }, owner.service, this.#keys, act))) as { status?: string };
    const isRefused = ({ status }: { status?: string }) => status === 'refused' || status === 'budget_exhausted';
    const before = await tryAt(time - 1);
    const hasEnded = before.status === 'expired' || before.status === 'not_found';
    if (!isRefused(before) && !hasEnded && !mayEndSooner) throw new Broken('I17', `accepted 1 ms before the time that was named: ${before.status}`);
    const then = await tryAt(time);
    if (isRefused(then)) throw new Broken('I17', `refused at the time that was named: ${JSON.stringify(then)}`);
  }

  /** The time of a record. */
  #now({ record }: Place): number {
    return this.#observer.watch.time(record, this.clock.now());
  }

  // ── What commands leave open

  #toSending({ channel, own, outcome, takes, fault }: Pick<StartCommand, 'channel' | 'own' | 'outcome' | 'takes' | 'fault'>, place: Place): Sending {
    return {
      channel: place.kind === 'email' ? undefined : ([undefined, 'call', 'whatsapp'] as const)[channel],
      own: own ? OWN_CODE : undefined,
      outcome,
      takes: toDuration(takes, this.#setting.limits),
      fault,
    };
  }

  /** The guess and its digits. A code that nobody has seen cannot be guessed on purpose, neither right nor wrong. */
  #toGuess({ guess, off }: Pick<CheckCommand, 'guess' | 'off'>, name: number, codes: readonly string[]): [Guess, string] {
    const alive = this.#alive(name);
    if (guess === 'malformed') return [guess, at(['12a4', '', '123', '12345678901'], off)];
    if (guess === 'wrong_length' || alive === undefined) {
      const length = this.#length(name);
      return ['wrong_length', '1'.repeat(length === 10 ? 9 : length + 1)];
    }
    if (guess === 'right') return [guess, alive];
    const old = guess === 'old' ? codes.findLast((code) => code !== alive && code.length === alive.length) : undefined;
    const next = (BigInt(alive) + BigInt(off)) % 10n ** BigInt(alive.length);
    return ['wrong', old ?? next.toString().padStart(alive.length, '0')];
  }

  #length(name: number): number {
    return this.#model.code(name)?.length ?? this.#alive(name)?.length ?? this.#setting.limits.codeLength;
  }

  /** The code that is right now; undefined where it was never handed over. */
  #alive(name: number): string | undefined {
    const code = this.#setting.compares === false ? undefined : this.#model.code(name);
    if (code === undefined) return this.#observer.known.get(name)?.codes.at(-1);
    return code.own ?? this.#codes.get(`${name}/${code.no}`);
  }

  #mark(...times: readonly number[]): void {
    this.#marks = [...times, ...this.#marks].slice(0, MARKS);
  }

  #markAll({ status, approvedAt, verification, ...answer }: Answer, now: number): void {
    const { retention, knownFor, sendingFor } = this.#setting.limits;
    const inside = typeof verification === 'object' ? (verification as Answer) : {};
    // For a day after a send was given back there is no other.
    const isRefused = String(answer.thrown).startsWith('provider_');
    const next = [answer.retryAt, answer.resendAt].find((time) => typeof time === 'number');
    if (next !== undefined) this.#nextAt = next;
    const named = [answer.retryAt, answer.resendAt, answer.expiresAt, inside.resendAt].filter((time) => typeof time === 'number');
    const ended = typeof status === 'string' && !['pending', 'refused', 'not_found'].includes(status) ? [now + retention] : [];
    this.#mark(
      ...named,
      ...ended,
      ...(isRefused ? [now + DAY] : []),
      ...('crashed' in answer ? [now + sendingFor] : []),
      ...(approvedAt === now ? [now + knownFor] : []),
    );
  }
}

/** When a resend would have been accepted is all the same once it has passed, and so is the order of what happens at once. */
function toPresent({ answer, events }: Played, now: number): unknown {
  const present = (shown: Answer): Answer => (typeof shown.resendAt === 'number' && shown.resendAt <= now ? { ...shown, resendAt: 'passed' } : shown);
  const inside = typeof answer.verification === 'object' ? { verification: present(answer.verification as Answer) } : {};
  return { answer: { ...present(answer), ...inside }, events: [...events].sort() };
}

/** An answer, or what was thrown. Anything but a {@link CountersignError} is a fault of ours. */
async function answerOf(act: () => Promise<unknown>): Promise<unknown> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof CountersignError) return { thrown: error.code };
    throw error;
  }
}

function toCaller(owner: Owner, by: Caller): Owner {
  const { service, purpose, requester } = owner;
  if (by === 'other_requester') return { ...owner, requester: requester === undefined ? 'mallory' : undefined };
  if (by === 'other_purpose') return { ...owner, purpose: at(PURPOSES, purpose === PURPOSES[0] ? 1 : 0) };
  return by === 'other_service' ? { ...owner, service: at(SERVICES, service === SERVICES[0] ? 1 : 0) } : owner;
}

function toDuration(takes: Takes, { sendingFor }: Limits): number {
  return { no_time: 0, a_second: 1000, just_in_time: sendingFor - 1, just_too_long: sendingFor, too_long: sendingFor + 1 }[takes];
}

function at<T>(values: readonly T[], index: number): T {
  if (!(index in values)) throw new RangeError(`there is no number ${index}`);
  return values[index] as T;
}
