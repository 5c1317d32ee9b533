import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll } from 'vitest';
import type { Limits } from '../../src/engine/limits.ts';
import type { Verifier } from '../../src/engine/verifier.ts';

const SCRIPT = fileURLToPath(new URL('engine-child.js', import.meta.url));
const BUILT = new URL('../../dist/index.js', import.meta.url);

/** How the verifiers of a test work. */
export interface VerifierSettings {
  /** The SQLite file they share. */
  readonly path?: string;
  /** Instead of a file, the address of a database they share. */
  readonly url?: string;
  readonly limits?: Partial<Limits>;
  /** Where the clock of their store stands still; without it the store goes by the machine's. */
  readonly time?: number;
  /** Whether their senders hand a message over and never say so. */
  readonly isSilent?: boolean;
}

type Method = 'start' | 'check' | 'resend' | 'cancel' | 'show';
type Input<M extends Method> = Parameters<Verifier[M]>[0];
type Answer<M extends Method> = Awaited<ReturnType<Verifier[M]>>;

/** A message that a sender was handed. */
export interface SentMessage {
  readonly to: string;
  readonly code: string;
  readonly deliveryId: string;
}

/** What a process tells. */
type Told = { readonly isDone: true } | { readonly no: number; readonly answer: unknown } | { readonly no: number; readonly error: string } | Report;
type Report =
  | { readonly sent: SentMessage }
  | { readonly started: { readonly id: string; readonly deliveryId: string } }
  | { readonly checked: { readonly id: string; readonly right: boolean } };

/** A call under way. */
interface OpenCall {
  resolve(answer: unknown): void;
  reject(error: Error): void;
}

/** One process. It has one verifier, on one file at a time. */
export class Worker {
  /** Resolves when it has ended and everything it told has been heard. */
  readonly ended: Promise<void>;
  readonly #process: ChildProcess;
  readonly #report: (report: Report) => void;
  readonly #calls = new Map<number, OpenCall>();
  #count = 0;
  #hasEnded = false;
  /** Called whenever something was told, or nothing will be. */
  readonly #wake = new Set<() => void>();
  #heard = 0;
  #done = 0;

  constructor(report: (report: Report) => void) {
    this.#report = report;
    // "advanced": dates arrive as dates.
    this.#process = fork(SCRIPT, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], serialization: 'advanced' });
    this.#process.on('message', (told) => this.#hear(told as Told));
    // "close" comes after the last message, where "exit" may come before it.
    this.ended = once(this.#process, 'close').then(() => {
      this.#hasEnded = true;
      for (const { resolve } of this.#calls.values()) resolve(undefined);
      this.#wakeAll();
    });
  }

  /** How many calls it has not answered yet. */
  get underWay(): number {
    return this.#calls.size;
  }

  /** Makes a verifier. */
  open(settings: VerifierSettings): Promise<void> {
    return this.#do({ order: 'open', ...settings });
  }

  /** Closes what was opened. */
  close(): Promise<void> {
    return this.#do({ order: 'close' });
  }

  /** Makes one call. Undefined when the process ended first. */
  call<M extends Method>(method: M, input: Input<M>): Promise<Answer<M> | undefined> {
    const { call, answer } = this.#open(method, input);
    this.#tell({ order: 'call', call });
    return answer;
  }

  /** Hands it calls to make when it is told to {@link go}; resolves when it has them. */
  async hold<M extends Method>(method: M, inputs: readonly Input<M>[]): Promise<Promise<Answer<M> | undefined>[]> {
    const opened = inputs.map((input) => this.#open(method, input));
    await this.#do({ order: 'hold', calls: opened.map(({ call }) => call) });
    return opened.map(({ answer }) => answer);
  }

  go(perTurn: number | undefined): void {
    this.#tell({ order: 'go', perTurn });
  }

  setTime(time: number): void {
    this.#tell({ order: 'set', time });
  }

  /** Resolves when it has told so much more. */
  tells(count: number): Promise<void> {
    const enough = this.#heard + count;
    return this.#until(() => this.#heard >= enough);
  }

  /** Ends it with SIGKILL, wherever it is. */
  kill(): Promise<void> {
    this.#process.kill('SIGKILL');
    return this.ended;
  }

  get #isAlive(): boolean {
    return !this.#hasEnded && !this.#process.killed;
  }

  #open<M extends Method>(method: M, input: Input<M>) {
    const no = ++this.#count;
    const answer = new Promise<unknown>((resolve, reject) => {
      if (this.#isAlive) this.#calls.set(no, { resolve, reject });
      else resolve(undefined);
    });
    return { call: { no, method, input }, answer: answer as Promise<Answer<M> | undefined> };
  }

  /** Tells it to do what it says when it has done it. */
  #do(order: object): Promise<void> {
    const done = this.#done + 1;
    this.#tell(order);
    return this.#until(() => this.#done >= done);
  }

  #tell(order: object): void {
    // An order that no longer arrives is one the process does not answer: its end says so.
    if (this.#isAlive) this.#process.send(order, () => {});
  }

  #hear(told: Told): void {
    this.#heard += 1;
    if ('isDone' in told) this.#done += 1;
    else if ('no' in told) this.#settle(told);
    else this.#report(told);
    this.#wakeAll();
  }

  #settle(told: Extract<Told, { no: number }>): void {
    const open = this.#calls.get(told.no);
    this.#calls.delete(told.no);
    if ('error' in told) open?.reject(new Error(told.error));
    else open?.resolve(told.answer);
  }

  #wakeAll(): void {
    for (const wake of this.#wake) wake();
  }

  #until(isTrue: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = () => {
        if (!isTrue() && !this.#hasEnded) return;
        this.#wake.delete(look);
        if (isTrue()) resolve();
        else reject(new Error(`the process ended with ${this.#process.exitCode ?? this.#process.signalCode}`));
      };
      this.#wake.add(look);
      look();
    });
  }
}

/** Processes on one file, and what all of them have told. */
export class Crew {
  readonly workers: Worker[] = [];
  /** What senders were handed, in all processes. */
  readonly messages: SentMessage[] = [];
  /** Guesses judged, in all processes, by verification. */
  readonly #judged: Map<string, { right: number; wrong: number }> = new Map();
  /** Verifications by the delivery that was claimed for them. */
  readonly #started: Map<string, string> = new Map();
  #turn = 0;

  /** Adds a process. */
  hire(): Worker {
    const worker = new Worker((report) => this.#note(report));
    this.workers.push(worker);
    return worker;
  }

  /** Makes a verifier in every process, for a test that begins anew. */
  async open(settings: VerifierSettings): Promise<void> {
    this.messages.length = 0;
    await Promise.all(this.workers.map((worker) => worker.open(settings)));
  }

  async close(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.close()));
  }

  /** Ends every process with SIGKILL, or one of them, wherever they are; resolves when all they told has been heard. */
  async kill(...workers: readonly Worker[]): Promise<void> {
    const killed = workers.length > 0 ? workers : [...this.workers];
    await Promise.all(
      killed.map((worker) => {
        this.workers.splice(this.workers.indexOf(worker), 1);
        return worker.kill();
      }),
    );
  }

  /** The next process in turn. */
  next(): Worker {
    this.#turn += 1;
    return this.workers[this.#turn % this.workers.length]!;
  }

  setTime(time: number): void {
    for (const worker of this.workers) worker.setTime(time);
  }

  /**
   * Makes calls in all processes at the same time, dealt out in turn: those of a process all at once, or so many in each turn of its event loop.
   * Answers in the order of the inputs.
   */
  async rush<M extends Method>(method: M, inputs: readonly Input<M>[], perTurn?: number): Promise<Answer<M>[]> {
    const size = this.workers.length;
    const held = await Promise.all(
      this.workers.map((worker, place) =>
        worker.hold(
          method,
          inputs.filter((_, index) => index % size === place),
        ),
      ),
    );
    for (const worker of this.workers) worker.go(perTurn);
    const answers = await Promise.all(inputs.map((_, index) => held[index % size]![Math.floor(index / size)]));
    return answers.map((answer) => {
      if (answer === undefined) throw new Error('a process ended before it had answered');
      return answer;
    });
  }

  /** Starts where nothing stands in the way. */
  async start(input: Input<'start'>): Promise<{ readonly id: string; readonly code: string }> {
    const started = await this.next().call('start', input);
    if (started?.status !== 'pending') throw new Error(`not started: ${JSON.stringify(started)}`);
    return this.sentTo(input.to).at(-1)!;
  }

  /** The verifications whose codes went to a number, each with the newest of them. */
  sentTo(number: string): { readonly id: string; readonly code: string }[] {
    const codes = new Map<string, string>();
    for (const { to, code, deliveryId } of this.messages) if (to === number) codes.set(this.#started.get(deliveryId)!, code);
    return Array.from(codes, ([id, code]) => ({ id, code }));
  }

  judgedOf(id: string): { right: number; wrong: number } {
    const counts = this.#judged.get(id) ?? { right: 0, wrong: 0 };
    this.#judged.set(id, counts);
    return counts;
  }

  #note(report: Report): void {
    if ('sent' in report) this.messages.push(report.sent);
    else if ('started' in report) this.#started.set(report.started.deliveryId, report.started.id);
    else this.judgedOf(report.checked.id)[report.checked.right ? 'right' : 'wrong'] += 1;
  }
}

/** Hires processes before the tests of a file, and ends them after. Each test has them {@link Crew.open} a file of its own. */
export function useCrew(size: number): Crew {
  const crew = new Crew();
  beforeAll(() => {
    assertBuilt();
    for (let count = 0; count < size; count += 1) crew.hire();
  });
  afterEach(() => crew.close());
  afterAll(() => crew.kill());
  return crew;
}

/** Fails where there is nothing to run. */
export function assertBuilt(): void {
  if (!existsSync(BUILT)) throw new Error('dist/ is not built: run "npm test", which builds it first');
}
