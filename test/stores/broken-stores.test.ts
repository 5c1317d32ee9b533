import { describe, expect, it } from 'vitest';
import * as broken from './broken-stores.ts';
import { runStoreSuite, type SuiteReport } from './collecting-runner.ts';
import { PlainData, PlainStore } from './plain-store.ts';

type MakeStore = new (data: PlainData) => PlainStore;

/** Each broken store and the promises that break on it, in the order of the suite. Where everything falls apart, those that it is there for. */
const BROKEN: readonly { readonly Made: MakeStore; readonly breaks: readonly string[]; readonly andMore?: true }[] = [
  {
    Made: broken.LosesUpdates,
    breaks: [
      'A call whose decision throws fails alone, with what was thrown: it writes nothing, and its neighbours are answered',
      'No update is lost: of 200 made at the same time by two processes all 200 are counted, each once',
      'A record is begun once, however many calls find it missing at the same time',
      'A write and its journal entries are one: each is there once when the write was answered',
      'A decision that threw leaves nothing in the journal, and takes nothing of its neighbours from it',
      'Calls that were made before a store is closed are finished first',
      'I1: a code is approved at most once, however many calls bring it at the same time',
      'I3: of a thousand guesses made at the same time at one code, five are judged and the others are refused',
      'I3: guesses that were refused are not charged, and those that were judged stay charged',
      'I1, I3: a right code among a thousand is approved once if fewer than five wrong ones came before it, else never',
      'I5: of 200 starts for one requester at the same time exactly one sends a message',
      'I5: of 200 starts without a requester at the same time exactly one sends a message',
      'I5: of 200 resends of one code at the same time at most one sends a message',
      'I4: a code that is checked and canceled at the same time is either approved or canceled, and everybody is told the same',
      'I5: no message leaves a millisecond before its wait is over, and one does when it is: 2, 5 and 15 minutes, a day, and again 2 minutes',
      "I5: without a requester the waits are 2, 5, 15 and 15 minutes: a stranger does not send an owner into a day's wait",
    ],
  },
  {
    Made: broken.InsertsUnchecked,
    breaks: [
      'A call whose decision throws fails alone, with what was thrown: it writes nothing, and its neighbours are answered',
      'No update is lost: of 200 made at the same time by two processes all 200 are counted, each once',
      'A record is begun once, however many calls find it missing at the same time',
      'A write and its journal entries are one: each is there once when the write was answered',
      'A decision that threw leaves nothing in the journal, and takes nothing of its neighbours from it',
      'Calls that were made before a store is closed are finished first',
      'I5: of 200 starts for one requester at the same time exactly one sends a message',
      'I5: of 200 starts without a requester at the same time exactly one sends a message',
      'I5: no message leaves a millisecond before its wait is over, and one does when it is: 2, 5 and 15 minutes, a day, and again 2 minutes',
      "I5: without a requester the waits are 2, 5, 15 and 15 minutes: a stranger does not send an owner into a day's wait",
    ],
  },
  {
    Made: broken.RefusesByCache,
    breaks: [
      'A refusal rests on the latest write, also when another process made it a moment ago',
      'A record is there until it expires, and a sweep takes it after that; those it was not told to take stay',
      'A sweep takes no more than it was allowed to, and several in turn take all there is',
      'I3: guesses that were refused are not charged, and those that were judged stay charged',
      'An operator who unblocks a destination unblocks it for every process at once',
      'I17: a budget of guesses that is used up tells when it is not any more',
    ],
  },
  {
    Made: broken.AnswersEarly,
    breaks: [
      'A refusal rests on the latest write, also when another process made it a moment ago',
      'A write is seen by every process from the moment it was answered',
      "Closing one process's handle leaves the others at work, with all that it wrote",
      'I1: a code is approved at most once, however many calls bring it at the same time',
      'I3: of a thousand guesses made at the same time at one code, five are judged and the others are refused',
      'I5: of 200 starts without a requester at the same time exactly one sends a message',
      'An operator who unblocks a destination unblocks it for every process at once',
    ],
    andMore: true,
  },
  {
    Made: broken.LosesAllAtTheEnd,
    breaks: [
      'What was answered outlives the process that wrote it',
      "Closing one process's handle leaves the others at work, with all that it wrote",
      'I14: a message that is out when the store goes away counts as sent, and its code is approved when the store is back',
      'I6, I7: a restart forgets no approval and undoes no refusal',
    ],
  },
  {
    Made: broken.DeletesShortRecords,
    breaks: [
      'A record written shorter is still a record: nothing but its expiry removes one',
      'I3: an operator who erases a destination hands out no fresh guesses',
      'I5: no message leaves a millisecond before its wait is over, and one does when it is: 2, 5 and 15 minutes, a day, and again 2 minutes',
    ],
  },
  {
    Made: broken.SweepsTooEarly,
    breaks: ['A record stays for at least a minute after its last write, even one that was written with its expiry in the past'],
  },
  {
    Made: broken.KeepsTheFirstExpiry,
    breaks: [
      'A record that never expires is never taken: a blocked destination stays blocked after ten years',
      'A record stays for at least a minute after its last write, even one that was written with its expiry in the past',
      'A record that is written again after it expired stays',
      'A record that is written while a sweep is under way is there afterwards',
    ],
  },
  {
    Made: broken.SweepsWithoutLimit,
    breaks: ['A sweep takes no more than it was allowed to, and several in turn take all there is'],
  },
  {
    Made: broken.FailsTheWholeBatch,
    breaks: [
      'A call whose decision throws fails alone, with what was thrown: it writes nothing, and its neighbours are answered',
      'I8: a decision that was held up for more than five seconds is made again at the time it is then, never applied late',
      'A decision that threw leaves nothing in the journal, and takes nothing of its neighbours from it',
    ],
  },
  {
    Made: broken.DecidesByItsOwnClock,
    breaks: [
      'A decision is given the time of the store, whole milliseconds of its clock and of no other',
      'I8: a decision that was held up for more than five seconds is made again at the time it is then, never applied late',
      'I8: a code is accepted until the millisecond before it expires, and not from then on',
      'I5: a clock that is set back shortens no wait, not even when it is put right again',
      'I17: a refusal that is too soon tells the very millisecond from which on it is not',
      'I17: a send budget that is used up tells when it is not any more',
      'I17: a budget of guesses that is used up tells when it is not any more',
      'I17: a message that is under way tells until when another has to wait for it',
    ],
  },
  {
    Made: broken.CountsInSeconds,
    breaks: [
      'A decision is given the time of the store, whole milliseconds of its clock and of no other',
      'I8: a decision that was held up for more than five seconds is made again at the time it is then, never applied late',
      'I5: no message leaves a millisecond before its wait is over, and one does when it is: 2, 5 and 15 minutes, a day, and again 2 minutes',
      "I5: without a requester the waits are 2, 5, 15 and 15 minutes: a stranger does not send an owner into a day's wait",
      'I5: a clock that is set back shortens no wait, not even when it is put right again',
      'I17: a message that is under way tells until when another has to wait for it',
    ],
  },
  {
    Made: broken.WritesLate,
    breaks: ['I8: a decision that was held up for more than five seconds is made again at the time it is then, never applied late'],
  },
  {
    Made: broken.FoldsIds,
    breaks: [
      'Ids are taken as they are: another case, accent, blank or sign is another record',
      'A list is in the order of its ids, the same on every store',
      'A list read page by page loses nothing and repeats nothing',
      'A list goes on behind an id that is not there any more',
    ],
  },
  {
    Made: broken.JoinsKeys,
    breaks: ['No two records are taken for one: kind, partition and id are kept apart'],
  },
  {
    Made: broken.ParsesBodies,
    breaks: ['A record comes back character for character, whatever language or sign is in it'],
  },
  {
    Made: broken.MakesDo,
    breaks: [
      'A closed store answers nothing: every call rejects with store_unavailable, also after it was closed twice',
      'I14: while the store is away nothing is approved and nothing is sent',
      'I14: a message that is out when the store goes away counts as sent, and its code is approved when the store is back',
    ],
  },
  {
    Made: broken.DropsCallsAtClose,
    breaks: [
      'Calls that were made before a store is closed are finished first',
      "Closing one process's handle leaves the others at work, with all that it wrote",
    ],
  },
  {
    Made: broken.NotesEveryTry,
    breaks: [
      'A write and its journal entries are one: each is there once when the write was answered',
      'A decision that threw leaves nothing in the journal, and takes nothing of its neighbours from it',
    ],
  },
  {
    Made: broken.PagesByTime,
    breaks: ['The journal read page by page loses nothing and repeats nothing, also while it grows'],
  },
  {
    Made: broken.ListsByCodePoint,
    breaks: [
      'A list is in the order of its ids, the same on every store',
      'A list read page by page loses nothing and repeats nothing',
      'A list goes on behind an id that is not there any more',
    ],
  },
  {
    Made: broken.LetsAllExpire,
    breaks: [
      'A record is there until it expires, and a sweep takes it after that; those it was not told to take stay',
      'A record that never expires is never taken: a blocked destination stays blocked after ten years',
    ],
  },
  {
    Made: broken.AnswersByPlace,
    breaks: [
      'Records do not meddle with each other: of 200 written at the same time each keeps what is its own',
      'What was answered outlives the process that wrote it',
      'A record is there until it expires, and a sweep takes it after that; those it was not told to take stay',
      'A record that is written while a sweep is under way is there afterwards',
      'I5: of a hundred messages to a hundred destinations none waits for another',
    ],
  },
  {
    Made: broken.CutsLongBodies,
    breaks: ['A record of 200 KiB comes back whole, in one byte, two, three or four for each character'],
  },
  {
    Made: broken.MergesBodies,
    breaks: [
      'A record is replaced whole, and each decision is given what the one before it wrote',
      'A record written shorter is still a record: nothing but its expiry removes one',
    ],
    andMore: true,
  },
  {
    Made: broken.DeletesWithoutNext,
    breaks: [
      'A decision that writes nothing leaves the record as it was, and no record where there was none',
      'I3: of a thousand guesses made at the same time at one code, five are judged and the others are refused',
      'I5: of 200 starts without a requester at the same time exactly one sends a message',
    ],
    andMore: true,
  },
  {
    Made: broken.DecidesOnNull,
    breaks: [
      'A write that was answered is there: whoever looks next finds it, and before it there was nothing',
      'A decision is given the text that was last committed, or undefined, and never another value',
      'A record is begun once, however many calls find it missing at the same time',
    ],
    andMore: true,
  },
  {
    Made: broken.WrapsErrors,
    breaks: ['A call whose decision throws fails alone, with what was thrown: it writes nothing, and its neighbours are answered'],
  },
  {
    Made: broken.SweepsWhatItSaw,
    breaks: ['A record that is written while a sweep is under way is there afterwards', 'An old journal entry is kept for thirty days'],
  },
  {
    Made: broken.IncludesTheEnd,
    breaks: ['The journal is searched by service, destination and time, each of them exactly'],
  },
  {
    Made: broken.NotesNewestFirst,
    breaks: [
      'The journal gives back what was written into it, in the order in which it was written, to every process',
      'The journal is searched by service, destination and time, each of them exactly',
      'The journal read page by page loses nothing and repeats nothing, also while it grows',
      'A decision that threw leaves nothing in the journal, and takes nothing of its neighbours from it',
    ],
  },
  {
    Made: broken.ForgetsTheJournal,
    breaks: ['An old journal entry is kept for thirty days'],
  },
  {
    Made: broken.ListsAllPartitions,
    breaks: ['A list holds the records of its kind and partition and no others, as they are now'],
  },
  {
    Made: broken.ThrowsAtTheCaller,
    breaks: ['A closed store answers nothing: every call rejects with store_unavailable, also after it was closed twice'],
  },
  {
    Made: broken.ClosesForAll,
    breaks: [
      'What was answered outlives the process that wrote it',
      "Closing one process's handle leaves the others at work, with all that it wrote",
      'I14: a message that is out when the store goes away counts as sent, and its code is approved when the store is back',
      'I6, I7: a restart forgets no approval and undoes no refusal',
    ],
  },
  {
    Made: broken.HasNoName,
    breaks: ['A store that works says so, and says what it is'],
  },
];

const reports = new Map<MakeStore, Promise<SuiteReport>>();

function reportOn(Made: MakeStore): Promise<SuiteReport> {
  const report =
    reports.get(Made) ??
    runStoreSuite(({ clock }) => {
      const data = new PlainData(clock);
      return { connect: () => new Made(data) };
    });
  reports.set(Made, report);
  return report;
}

/** By one handle for all, on which nobody could see that a version is not compared. */
function reportOnOneHandle(): Promise<SuiteReport> {
  return runStoreSuite(({ clock }) => {
    const store = new PlainStore(new PlainData(clock));
    return { connect: () => store };
  });
}

describe('the store suite', () => {
  it('passes on a plain store, of which the broken ones are', async () => {
    const { failed, leftOut } = await reportOn(PlainStore);
    expect({ failed, leftOut }).toEqual({ failed: [], leftOut: [] });
  });

  it.each(BROKEN)('catches one that $Made.name', async ({ Made, breaks, andMore }) => {
    const titles = (await reportOn(Made)).failed.map(({ title }) => title);
    expect(titles).toEqual(andMore ? expect.arrayContaining([...breaks]) : breaks);
  });

  it('has seen every one of its promises broken', async () => {
    const { passed } = await reportOn(PlainStore);
    const seenBroken = new Set(BROKEN.flatMap(({ breaks }) => breaks));
    const failed = (await Promise.all(BROKEN.map(({ Made }) => reportOn(Made)))).flatMap((report) => report.failed);
    for (const { title } of [...failed, ...(await reportOnOneHandle()).failed]) seenBroken.add(title);
    expect(passed.filter((title) => !seenBroken.has(title))).toEqual([]);
  });

  it('knows every broken store there is', () => {
    expect(BROKEN.map(({ Made }) => Made.name).sort()).toEqual(Object.keys(broken).sort());
  });

  it('says of a lost update what broke, and the usual cause', async () => {
    const { failed } = await reportOn(broken.LosesUpdates);
    const twice = failed.find(({ title }) => title.startsWith('I1: a code is approved at most once'));
    expect(twice?.message).toContain('a write must be refused when the record changed since it was read');
  });
});
