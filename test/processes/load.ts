import { expect } from 'vitest';
import type { Crew, VerifierSettings, Worker } from './crew.ts';
import { PLOTS, STORY_LIMITS, Story } from './story.ts';

/** One more process, at work. */
export async function hire(crew: Crew, settings: VerifierSettings): Promise<Worker> {
  const worker = crew.hire();
  await worker.open(settings);
  return worker;
}

/**
 * Tells stories, twelve at a time, until `disturb` is done with what it does to them. One whose store is unavailable ends there, and the next begins
 * when `whenAvailable` says so.
 */
export async function tellStories(crew: Crew, disturb: () => Promise<void>, whenAvailable?: () => Promise<void>): Promise<Story[]> {
  const stories: Story[] = [];
  let isOver = false;
  const end = async () => {
    try {
      await disturb();
    } finally {
      isOver = true;
    }
  };
  const tell = async () => {
    while (!isOver) {
      const index = stories.length;
      const story = new Story(crew, `+1212${2_000_000 + index}`, Math.floor(index / PLOTS.length) % 2 === 0 ? undefined : 'account 1');
      stories.push(story);
      await PLOTS[index % PLOTS.length]!(story).catch(async (error: Error) => {
        if (!(whenAvailable && error.message.startsWith('store_unavailable: '))) throw error;
        await whenAvailable();
      });
    }
  };
  await Promise.all([end(), ...Array.from({ length: 12 }, tell)]);
  return stories;
}

/** Kills processes in turn, each at another point of its life; another takes its place. Resolves with how many calls were never answered. */
export async function killInTurn(crew: Crew, settings: VerifierSettings, rounds: number): Promise<number> {
  let unanswered = 0;
  for (let round = 0; round < rounds; round += 1) {
    const victim = crew.workers[round % 4]!;
    const successor = hire(crew, settings);
    await victim.tells(10 + ((round * 37) % 67));
    unanswered += victim.underWay;
    await crew.kill(victim);
    await successor;
  }
  return unanswered;
}

/** Ensure that stories hold something that could have been lost, of each kind. */
export function expectStake(stories: readonly Story[]): void {
  for (const state of ['approved', 'max_attempts_reached', 'canceled']) {
    expect(stories.filter(({ heard }) => heard.some(({ ended }) => ended.has(state)))).not.toHaveLength(0);
  }
  for (const state of ['isBlocked', 'isSpent'] as const) expect(stories.filter((story) => story[state])).not.toHaveLength(0);
}

/** I1, I3 to I7: what was answered holds, by what processes that were not there are answered now. */
export async function expectNothingLost(crew: Crew, stories: readonly Story[]): Promise<void> {
  // I7: a number that was disabled is, and one whose messages were used up has no more.
  expect(
    await startAgain(
      crew,
      stories.filter(({ isBlocked }) => isBlocked),
    ),
  ).toEqual(new Set(['destination_blocked']));
  expect(
    await startAgain(
      crew,
      stories.filter(({ isSpent }) => isSpent),
    ),
  ).toEqual(new Set(['budget_exhausted']));

  const all = stories.flatMap((story) => story.heard.map((heard) => ({ story, heard })));
  const shownAll = await crew.rush(
    'show',
    all.map(({ story: { requester }, heard: { id } }) => ({ id, requester })),
  );
  const checkedAll = await crew.rush(
    'check',
    all.map(({ story: { requester }, heard: { id, code } }) => ({ id, code, requester })),
  );
  const claims = new Map<Story, number>();
  for (const [index, { story, heard }] of all.entries()) {
    const [shown, checked] = [shownAll[index]!, checkedAll[index]!];
    if (shown.status === 'not_found') throw new Error('a verification is gone');
    // I1, I4: approved by one call, and come to one end.
    expect(heard.approvals).toBeLessThanOrEqual(1);
    expect(crew.judgedOf(heard.id).right).toBeLessThanOrEqual(1);
    expect(heard.ended.size).toBeLessThanOrEqual(1);
    // I6, I7: what was answered still is.
    for (const state of heard.ended) {
      expect(shown.status).toBe(state);
      expect(checked.status).toBe(state === 'approved' ? 'already_approved' : state);
    }
    if (shown.status === 'pending' && story.isBlocked) expect(checked.status).toBe('destination_blocked');
    // I3: each guess that was judged was charged for itself, and stays charged.
    expect(crew.judgedOf(heard.id).wrong).toBeLessThanOrEqual(5);
    expect(new Set(heard.attemptsLeft).size).toBe(heard.attemptsLeft.length);
    if (shown.status === 'pending') expect(shown.attemptsLeft).toBeLessThanOrEqual(Math.min(5, ...heard.attemptsLeft));
    claims.set(story, (claims.get(story) ?? 0) + shown.deliveries.length);
  }
  // I5: what the record says was claimed, and messages that left.
  const most = STORY_LIMITS.sendsPerHour ?? 0;
  for (const story of stories) {
    expect(claims.get(story) ?? 0).toBeLessThanOrEqual(most);
    expect(crew.messages.filter(({ to }) => to === story.to).length).toBeLessThanOrEqual(most);
  }
}

/** What a start is answered now, for each of these numbers. */
async function startAgain(crew: Crew, stories: readonly Story[]): Promise<Set<string>> {
  const inputs = stories.map(({ to, requester }) => ({ to, requester }));
  return new Set((await crew.rush('start', inputs)).map((answer) => (answer.status === 'refused' ? answer.reason : answer.status)));
}
