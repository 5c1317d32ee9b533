import { isDeepStrictEqual } from 'node:util';
import type { VerifierEvents } from '../../src/engine/events.ts';
import type { Limits } from '../../src/engine/limits.ts';
import type { Proof } from '../../src/engine/results.ts';
import type { Verifier } from '../../src/engine/verifier.ts';
import type { FakeClock } from '../../src/testing/fake-clock.ts';
import { Broken, Watch } from './invariants.ts';
import type { Answer } from './model.ts';
import type { Owner, Place } from './model-record.ts';
import { type Handed, whoIs } from './world.ts';

/** A verification as its owner knows it. */
export interface Known {
  readonly id: string;
  readonly owner: Owner;
  readonly place: Place;
  /** The codes that were handed over for it, the last one last. */
  readonly codes: string[];
}

/** Whom one call is about. */
export interface About {
  readonly place: Place;
  readonly owner: Owner;
  /** The verification that it names. */
  readonly name?: number | undefined;
  /** How the caller differs from the owner of that. */
  readonly by: 'owner' | 'other_requester' | 'other_purpose' | 'other_service';
}

const UNSEEN = 'expired:unseen';
const EVENTS = ['started', 'delivered', 'refused', 'checked', 'approved', 'canceled', 'expired'] as const;

interface Heard {
  readonly type: (typeof EVENTS)[number];
  readonly event: Partial<VerifierEvents['delivered'] & VerifierEvents['checked'] & VerifierEvents['refused']>;
  /** In the record's time. */
  readonly at: number;
}

/** What is seen of a verifier from outside: it gives names to ids, puts times into the record's own, and tells the watch. */
export class Observer {
  readonly watch: Watch;
  /** By name, in the order in which they were started. */
  readonly known: Map<number, Known> = new Map();
  readonly #clock: FakeClock;
  readonly #names = new Map<string, number>();
  readonly #claims = new Map<string, number>();
  /** Verifications that the store has, but whose start was answered with an error. */
  readonly #unseen = new Map<number, Pick<Known, 'owner' | 'place'>>();
  #heard: Heard[] = [];
  #record = '';

  constructor(limits: Limits, clock: FakeClock) {
    this.watch = new Watch(limits);
    this.#clock = clock;
  }

  listen(verifier: Verifier): void {
    for (const type of EVENTS) {
      // What an operator ends while the record's time is ahead ends by the clock.
      const now = type === 'expired' ? () => this.#clock.now() : () => this.#now();
      verifier.on(type, (event) => void this.#heard.push({ type, event, at: now() }));
    }
  }

  /** A call on this record begins. */
  begin(record: string): void {
    [this.#record, this.#heard] = [record, []];
  }

  /** The store has written the record of this call. */
  written(): void {
    this.watch.written(this.#record, this.#clock.now());
  }

  /** Takes in the events of the call that has ended; `name` is what the model calls the verification that was sent. */
  hear(about: About, name: number | undefined): string[] {
    return this.#heard.map(({ type, event, at }) => {
      if (type === 'refused') return `refused:${event.reason}`;
      const id = event.id ?? '';
      if (type === 'started' && !this.#names.has(id)) this.#bind(id, about, name ?? this.known.size);
      // One whose start was lost may end without anybody having seen it.
      if (type === 'expired' && !this.#names.has(id) && this.#unseen.size > 0) return UNSEEN;
      const known = this.#nameOf(id);
      if (event.to !== this.known.get(known)?.place.masked) throw new Error(`an event names ${event.to}`);
      this.#tell({ type, event, at }, known);
      const right = event.right === undefined ? undefined : event.right ? 'right' : 'wrong';
      return [type, known, event.state, right].filter((part) => part !== undefined).join(':');
    });
  }

  /** The model's events as this observer can hear them: a verification that belongs to another service ends in silence. */
  audible(predicted: readonly string[], { owner }: About): string[] {
    return predicted.flatMap((event) => {
      const [type, name] = event.split(':');
      if (type !== 'expired') return [event];
      const ended = this.known.get(Number(name)) ?? this.#unseen.get(Number(name));
      if (ended?.owner.service !== owner.service) return [];
      return [this.known.has(Number(name)) ? event : UNSEEN];
    });
  }

  /** Takes in what the store did although its reply was lost: told by the model, as nobody else knows. */
  hearLost(lost: readonly string[], { place, owner }: About): void {
    for (const [type, name, right] of lost.map((text) => text.split(':'))) {
      const [known, at] = [Number(name), type === 'expired' ? this.#clock.now() : this.#now()];
      if (type === 'started') {
        this.watch.claimed(known, place.record, whoIs(owner), at);
        if (!this.known.has(known)) this.#unseen.set(known, { owner, place });
      } else if (type === 'checked') this.watch.compared(known, right === 'right', at);
      else if (type === 'approved') this.watch.approved(known, at);
      else this.watch.moved(known, type === 'operator' ? 'approved' : (type ?? ''), at);
      if (type === 'checked') this.watch.unsure(known);
    }
  }

  /** The messages that this call handed over. */
  handed(messages: readonly Handed[]): void {
    for (const { id, code, to } of messages) {
      const known = this.known.get(this.#nameOf(id));
      if (known?.place.to !== to) throw new Broken('I2', 'a message went to another destination');
      known.codes.push(code);
    }
  }

  /** An answer with names for ids and numbers for times; `predicted` tells the name of a verification whose start was lost. */
  toAnswer(result: unknown, about: About, predicted: Answer | undefined): Answer {
    const { id } = ((result as { verification?: unknown }).verification ?? {}) as { id?: string };
    const { id: name } = ((predicted as { verification?: unknown } | undefined)?.verification ?? {}) as { id?: number };
    if (id !== undefined && name !== undefined && !this.#names.has(id)) this.#bind(id, about, name);
    return this.#simplify(result) as Answer;
  }

  /** What an answer says of a verification, and to whom. */
  judge({ place, owner, name, by }: About, answer: Answer): void {
    const { status, reason, retryAt, id, expiresAt } = answer;
    const at = this.#now();
    const isStranger = by !== 'owner';
    if (isStranger && !('thrown' in answer) && status !== 'not_found')
      throw new Broken(by === 'other_service' ? 'I12' : 'I2', `answered ${status} to ${by}`);
    if (isStranger || 'thrown' in answer || 'crashed' in answer) return;
    const named = answer.verification as Answer | undefined;
    const [subject, end] = typeof id === 'number' ? [id, expiresAt] : [named?.id, named?.expiresAt];
    if (typeof subject === 'number' && typeof end === 'number') this.watch.named(subject, end);
    const wait = typeof retryAt === 'number' ? retryAt : undefined;
    if (status === 'refused') this.watch.told(place.record, whoIs(owner), String(reason), wait, at);
    else if (status === 'budget_exhausted') this.watch.told(place.record, whoIs(owner), 'guess_budget', wait, at);
    else if (status === 'destination_blocked') this.watch.told(place.record, whoIs(owner), status, undefined, at);
    // `show` writes nothing, so the record has not seen what it shows to be over; and a message may take longer than its verification lives.
    else if (name !== undefined && !('deliveries' in answer && (status === 'pending' || status === 'expired'))) {
      this.watch.moved(name, status === 'already_approved' ? 'approved' : String(status), at);
    }
  }

  #tell({ type, event, at }: Heard, name: number): void {
    const known = this.known.get(name);
    const deliveryId = event.deliveryId ?? '';
    if (type === 'started') {
      this.watch.claimed(name, known?.place.record ?? '', known === undefined ? '' : whoIs(known.owner), at);
      this.#claims.set(deliveryId, at);
    } else if (type === 'delivered') this.watch.settled(name, event.state ?? '', this.#claims.get(deliveryId) ?? 0, at);
    else if (type === 'checked') this.watch.compared(name, event.right === true, at);
    else if (type === 'approved') this.watch.approved(name, at);
    else this.watch.moved(name, type, at);
  }

  /** A new id is that of the call's own verification, or of one whose start was lost. */
  #bind(id: string, about: About, name: number): void {
    const { place, owner } = this.#unseen.get(name) ?? about;
    if (!/^VE[0-9a-f]{32}$/.test(id) || this.known.has(name)) throw new Error(`the id ${id} is none, or another's`);
    this.#names.set(id, name);
    this.known.set(name, { id, owner, place, codes: [] });
  }

  #nameOf(id: string): number {
    const name = this.#names.get(id);
    if (name === undefined) throw new Error('an id that nobody was given');
    return name;
  }

  #now(): number {
    return this.watch.time(this.#record, this.#clock.now());
  }

  #simplify(value: unknown): unknown {
    if (value instanceof Date) return value.getTime();
    if (Array.isArray(value)) return value.map((part) => this.#simplify(part));
    if (typeof value !== 'object' || value === null) return value;
    if ('proof' in value) return { status: (value as { status?: unknown }).status, ...this.#flatten(value.proof as Proof) };
    const parts = Object.entries(value).map(([name, part]) => [name, name === 'id' ? this.#toName(String(part)) : this.#simplify(part)]);
    return Object.fromEntries(parts.filter(([, part]) => part !== undefined));
  }

  #flatten({ verificationId, destination, approvedAt, ...proof }: Proof): Answer {
    return { verification: this.#nameOf(verificationId), ...proof, destination: destination.reveal(), approvedAt: approvedAt.getTime() };
  }

  /** Of a delivery's id it is only looked at whether it is one. */
  #toName(id: string): number | undefined {
    return /^VL[0-9a-f]{32}$/.test(id) ? undefined : this.#nameOf(id);
  }
}

/** Ensure that what happened is what the model says. */
export function assertSame(what: string, actual: unknown, expected: unknown): void {
  if (!isDeepStrictEqual(actual, expected))
    throw new Error(`${what} differ\n  engine: ${JSON.stringify(actual)}\n  model:  ${JSON.stringify(expected)}`);
}
