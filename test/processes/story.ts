import type { Limits } from '../../src/engine/limits.ts';
import { wrongCodes } from '../../src/testing/engine-bench.ts';
import type { Crew } from './crew.ts';

/** Limits that are reached at once. Their waits are over by the next call; in an hour a number has three messages and ten wrong guesses. */
export const STORY_LIMITS: Partial<Limits> = { ladder: [1], sharedRung: 1, sendSpacing: 1, sendsPerHour: 3, wrongInARow: 7 };

const ENDED = ['approved', 'max_attempts_reached', 'canceled', 'expired', 'failed'];

/** What was answered of one verification. */
export class Heard {
  readonly id: string;
  readonly code: string;
  /** Checks that were answered with an approval. */
  approvals = 0;
  /** States that never change: more than one would be two. */
  readonly ended: Set<string> = new Set();
  /** By every wrong guess that was answered with some left. */
  readonly attemptsLeft: number[] = [];

  constructor(id: string, code: string) {
    this.id = id;
    this.code = code;
  }

  note(status: string): void {
    const state = status === 'already_approved' ? 'approved' : status;
    if (ENDED.includes(state)) this.ended.add(state);
  }
}

/** What one number goes through, called for in all processes in turn. Whatever process ends, the story goes on with the others. */
export class Story {
  readonly to: string;
  readonly requester: string | undefined;
  readonly heard: Heard[] = [];
  /** Whether it was answered that the number is disabled, or its sends used up. */
  isBlocked = false;
  isSpent = false;
  readonly #crew: Crew;

  constructor(crew: Crew, to: string, requester: string | undefined) {
    this.#crew = crew;
    this.to = to;
    this.requester = requester;
  }

  /** Resolves with the verifications whose codes have left, also where nobody lives who could say so. */
  async start(): Promise<readonly Heard[]> {
    const { to, requester } = this;
    const answer = await this.#crew.next().call('start', { to, requester });
    if (answer?.status === 'refused') {
      this.isBlocked ||= answer.reason === 'destination_blocked';
      this.isSpent ||= answer.reason === 'budget_exhausted';
    }
    for (const { id, code } of this.#crew.sentTo(to)) {
      if (this.heard.every((other) => other.id !== id)) this.heard.push(new Heard(id, code));
    }
    return this.heard;
  }

  async check(heard: Heard, code: string = heard.code): Promise<void> {
    const answer = await this.#crew.next().call('check', { id: heard.id, code, requester: this.requester });
    if (answer === undefined) return;
    heard.note(answer.status);
    if (answer.status === 'approved') heard.approvals += 1;
    if (answer.status === 'pending') heard.attemptsLeft.push(answer.attemptsLeft);
    this.isBlocked ||= answer.status === 'destination_blocked';
  }

  async cancel(heard: Heard): Promise<void> {
    const answer = await this.#crew.next().call('cancel', { id: heard.id, requester: this.requester });
    if (answer !== undefined) heard.note(answer.status);
  }
}

/** How stories go. Calls that are not awaited one by one meet in different processes. */
export const PLOTS: readonly ((story: Story) => Promise<unknown>)[] = [
  async function approve(story) {
    for (const heard of await story.start()) await together([1, 2, 3, 4].map(() => story.check(heard)));
  },
  async function approveAmongWrongOnes(story) {
    for (const heard of await story.start()) {
      const [a = '', b = '', ...others] = wrongCodes(heard.code, 6);
      await together([a, b, heard.code, ...others, heard.code].map((code) => story.check(heard, code)));
    }
  },
  async function exhaust(story) {
    for (const heard of await story.start()) {
      for (const code of wrongCodes(heard.code, 4)) await story.check(heard, code);
      const [, , , , ...last] = wrongCodes(heard.code, 6);
      await together([...last, heard.code, heard.code].map((code) => story.check(heard, code)));
    }
  },
  async function cancel(story) {
    for (const heard of await story.start()) await together([story.cancel(heard), story.check(heard), story.cancel(heard), story.check(heard)]);
  },
  async function block(story) {
    for (let starts = 0; starts < 3 && !story.isBlocked; starts += 1) {
      const heard = (await story.start()).at(-1);
      if (heard) await together(wrongCodes(heard.code, 6).map((code) => story.check(heard, code)));
    }
    await story.start();
  },
  async function spend(story) {
    for (let starts = 0; starts < 6 && !story.isSpent; starts += 1) await together([story.start(), story.start()]);
  },
];

/** Waits for every call, also where one is refused by a store that is down: what another of them is answered late was not lost before. */
async function together(calls: readonly Promise<unknown>[]): Promise<void> {
  const settled = await Promise.allSettled(calls);
  const failed = settled.find((call) => call.status === 'rejected');
  if (failed) throw failed.reason;
}
