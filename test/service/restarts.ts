import { Agent } from 'node:http';
import { expect, onTestFinished } from 'vitest';
import { wrongCodes } from '../../src/testing/engine-bench.ts';
import { createFolder } from '../cli/run-cli.ts';
import { Heard } from '../processes/story.ts';
import { type Answered, ask, type Deployment, deploy, type Serving, serve } from './world.ts';

/** A database server of the test's own. */
export interface Restartable {
  readonly url: string;
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
  /** Starts it on what it has left; resolves when it answers. */
  start(): Promise<void>;
}

/** A write that is in doubt when the server goes is looked for for ten seconds: each round takes as long. The library's own tests kill it ten times. */
const ROUNDS = 1;
/** Stories that are told at once. */
const TELLERS = 12;
const REQUESTER = 'account 1';
/** In the place of a code whose message was claimed and never left, because the store went in between. */
const NEVER_SENT = '000000';

/** The store is away: the rest of what was asked with this has been answered too. */
class Unavailable extends Error {}

/** Two processes of `serve` under load, and all that they answered. */
class Service {
  readonly deployment: Deployment;
  readonly processes: Serving[] = [];
  /** Codes that have arrived, by number. */
  readonly codes: Map<string, string[]> = new Map();
  readonly #agent = new Agent({ keepAlive: true });
  #turn = 0;
  #answered = 0;
  readonly #waiting = new Set<() => void>();

  constructor(deployment: Deployment) {
    this.deployment = deployment;
    onTestFinished(() => this.#agent.destroy());
    const { behave } = deployment.gateway;
    deployment.gateway.behave = (response, received) => {
      const { to, text } = JSON.parse(received.body) as { to: string; text: string };
      this.codes.set(to, [...(this.codes.get(to) ?? []), /\d{6}/.exec(text)?.[0] ?? '']);
      behave(response, received);
    };
  }

  /** One request, to each process in turn. Whatever became of the store, it is an answer that the document knows. */
  async ask(path: string, body?: object): Promise<Answered> {
    const process = this.processes[this.#turn++ % this.processes.length];
    const answered = await ask(`${process?.url}${path}`, this.deployment.apiKey, body, this.#agent);
    if (answered.status >= 500) {
      expect([answered.status, answered.body.code]).toEqual([503, 'store_unavailable']);
      expect(Number(answered.headers['retry-after'])).toBeGreaterThanOrEqual(1);
    }
    this.#answered += 1;
    for (const look of this.#waiting) look();
    return answered;
  }

  /** Resolves when so many more requests have been answered. */
  answers(count: number): Promise<void> {
    const enough = this.#answered + count;
    return new Promise((resolve) => {
      const look = () => {
        if (this.#answered < enough) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
    });
  }

  /** Resolves when every process says that it can read and write. */
  async isReady(): Promise<void> {
    for (const { url } of this.processes) {
      while ((await ask(`${url}/readyz`, this.deployment.apiKey)).status !== 200);
    }
  }
}

/** What one number goes through. A story that finds the store away begins again, and goes on with what it has. */
class Story {
  readonly to: string;
  readonly #service: Service;
  heard: Heard | undefined;

  constructor(service: Service, to: string) {
    this.#service = service;
    this.to = to;
  }

  /** Starts twice at once. The verification is known from either answer, and also from the refusal of a later start. */
  async start(): Promise<Heard> {
    if (this.heard !== undefined) return this.heard;
    const start = () => this.#service.ask('/v1/verifications', { to: this.to, requester: REQUESTER });
    const answers = await together([start(), start()]);
    const ids = new Set(answers.map(({ body }) => body.id ?? body.verification?.id));
    expect([...ids]).toEqual([expect.stringMatching(/^VE/)]);
    for (const { status, body } of answers) expect([201, 429], body.detail).toContain(status);
    this.heard = new Heard([...ids][0], this.#service.codes.get(this.to)?.at(-1) ?? NEVER_SENT);
    return this.heard;
  }

  async check(heard: Heard, code: string = heard.code): Promise<Answered> {
    const answered = await this.#service.ask(`/v1/verifications/${heard.id}/check`, { code, requester: REQUESTER });
    const { status, attemptsLeft } = answered.body;
    if (answered.status !== 200) return answered;
    heard.note(status);
    if (status === 'approved') heard.approvals += 1;
    if (status === 'pending') heard.attemptsLeft.push(attemptsLeft);
    return answered;
  }

  async cancel(heard: Heard): Promise<Answered> {
    const answered = await this.#service.ask(`/v1/verifications/${heard.id}/cancel`, { requester: REQUESTER });
    if (answered.status === 200) heard.note(answered.body.status);
    return answered;
  }

  /** What is answered now holds what was answered before. */
  async expectKept(): Promise<void> {
    const messages = this.#service.codes.get(this.to) ?? [];
    // I5: two minutes lie between two messages, and no story is as long.
    expect(messages.length).toBeLessThanOrEqual(1);
    if (this.heard === undefined) return;
    const { heard } = this;
    const shown = (await this.#service.ask(`/v1/verifications/${heard.id}?requester=${encodeURIComponent(REQUESTER)}`)).body;
    expect(shown.deliveries.length).toBeGreaterThanOrEqual(messages.length);
    // I1, I4: approved by one answer at most, and come to one end.
    expect(heard.approvals).toBeLessThanOrEqual(1);
    expect(heard.ended.size).toBeLessThanOrEqual(1);
    // I3: each wrong guess that was answered was charged for itself, and stays charged.
    expect(new Set(heard.attemptsLeft).size).toBe(heard.attemptsLeft.length);
    if (shown.status === 'pending') expect(shown.attemptsLeft).toBeLessThanOrEqual(Math.min(5, ...heard.attemptsLeft));
    // I6, I7: an end that was answered is still the end.
    for (const state of heard.ended) {
      expect(shown.status).toBe(state);
      expect((await this.check(heard)).body.status).toBe(state === 'approved' ? 'already_approved' : state);
    }
  }
}

/** Calls of one plot that are not awaited one by one meet in both processes. */
const PLOTS: readonly ((story: Story) => Promise<unknown>)[] = [
  async function approve(story) {
    const heard = await story.start();
    await together([1, 2, 3, 4].map(() => story.check(heard)));
  },
  async function approveAmongWrongOnes(story) {
    const heard = await story.start();
    await together([...wrongCodes(heard.code, 3), heard.code, heard.code].map((code) => story.check(heard, code)));
  },
  async function exhaust(story) {
    const heard = await story.start();
    await together(wrongCodes(heard.code, 8).map((code) => story.check(heard, code)));
  },
  async function cancel(story) {
    const heard = await story.start();
    await together([story.cancel(heard), story.check(heard), story.cancel(heard), story.check(heard)]);
  },
];

/** Waits for every call, also where one finds the store away: what another of them is answered late was not lost before. */
async function together(calls: readonly Promise<Answered>[]): Promise<readonly Answered[]> {
  const settled = await Promise.allSettled(calls);
  const answers = settled.map((call) => {
    if (call.status === 'rejected') throw call.reason;
    return call.value;
  });
  if (answers.some(({ status }) => status === 503)) throw new Unavailable();
  return answers;
}

/** Kills the server under two processes of `serve`, again and again, and ensures that what they answered holds. */
export async function expectNothingLostOverRestarts(server: Restartable): Promise<void> {
  const deployment = await deploy(createFolder(), { COUNTERSIGN_DATABASE: server.url });
  const service = new Service(deployment);
  service.processes.push(await serve(deployment), await serve(deployment));
  const stories: Story[] = [];
  const begin = () => {
    const story = new Story(service, `+1212${2_000_000 + stories.length}`);
    stories.push(story);
    return story;
  };

  let isOver = false;
  let isUp = Promise.resolve();
  const tell = async () => {
    while (!isOver) {
      const plot = PLOTS[stories.length % PLOTS.length]!;
      const story = begin();
      for (let isTold = false; !isTold; ) {
        isTold = await plot(story).then(
          () => true,
          async (error) => {
            if (!(error instanceof Unavailable)) throw error;
            await isUp;
            return false;
          },
        );
      }
    }
  };
  const disturb = async () => {
    try {
      for (let round = 0; round < ROUNDS; round += 1) {
        await service.answers(40 + ((round * 37) % 67));
        isUp = restart(service, server, [begin(), begin(), begin(), begin()]);
        await isUp;
      }
    } finally {
      isOver = true;
    }
  };
  await Promise.all([disturb(), ...Array.from({ length: TELLERS }, tell)]);

  for (const state of ['approved', 'max_attempts_reached', 'canceled']) {
    expect(stories.filter(({ heard }) => heard?.ended.has(state))).not.toHaveLength(0);
  }
  // By one that was not there, and by those who were there all the time.
  service.processes.push(await serve(deployment));
  for (const story of stories) await story.expectKept();
  expect(await Promise.all(service.processes.map((process) => process.end()))).toEqual([0, 0, 0]);
}

/** Kills the server and starts it again, and ensures what is answered between. */
async function restart(service: Service, server: Restartable, fresh: readonly Story[]): Promise<void> {
  const [waiting, ...others] = fresh as [Story, ...Story[]];
  const heard = await waiting.start();
  await server.kill();
  // I14: nothing is approved and nothing is sent.
  const during = await Promise.all([waiting.check(heard), waiting.check(heard), ...others.map(({ to }) => service.ask('/v1/verifications', { to }))]);
  expect(during.map(({ status }) => status)).toEqual(during.map(() => 503));
  expect(others.flatMap(({ to }) => service.codes.get(to) ?? [])).toEqual([]);
  for (const { url } of service.processes) {
    expect((await ask(`${url}/livez`, service.deployment.apiKey)).status).toBe(200);
    expect((await ask(`${url}/readyz`, service.deployment.apiKey)).status).toBe(503);
  }
  await server.start();
  await service.isReady();
  // The guesses of the outage were not charged, and what did not start does now.
  expect((await waiting.check(heard)).body.status).toBe('approved');
  for (const story of others) {
    await story.start();
    expect(service.codes.get(story.to)).toHaveLength(1);
  }
}
