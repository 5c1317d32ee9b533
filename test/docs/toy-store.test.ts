import { beforeAll, describe, expect, it } from 'vitest';
import { createMendedToyStore, createToyStore } from '../../examples/toy-store/toy-store.ts';
import { type OpenStore, type StoreSuiteOptions, storeSuite } from '../../src/testing/testing.ts';
import { runStoreSuite, type SuiteReport } from '../stores/collecting-runner.ts';

/** What a toy cannot do. */
const TOY: StoreSuiteOptions = { journal: false, list: false, sweep: false, handles: false };

describe('a toy store that reads, decides and writes', () => {
  const open: OpenStore = ({ clock }) => {
    const store = createToyStore({ clock });
    return { connect: () => store };
  };

  let report: SuiteReport;

  beforeAll(async () => {
    report = await runStoreSuite(open, TOY);
  });

  it('works when one call is made after the other', () => {
    const { passed } = report;
    expect(passed).toContain('A record is replaced whole, and each decision is given what the one before it wrote');
    expect(passed).toContain('I8: a code is accepted until the millisecond before it expires, and not from then on');
  });

  it('breaks the promises that matter as soon as two are made at the same time, and the suite says which and why', () => {
    const { failed } = report;
    const messages = new Map(failed.map(({ title, message }) => [title, message]));
    expect(messages.get('I1: a code is approved at most once, however many calls bring it at the same time')).toMatchInlineSnapshot(`
      "of 100 right codes at once not exactly one was approved: a write must be refused when the record changed since it was read, and decided again
      found { approved: 50, already_approved: 50 }, expected { approved: 1, already_approved: 99 }"
    `);
    expect(
      messages.get('I3: of a thousand guesses made at the same time at one code, five are judged and the others are refused'),
    ).toMatchInlineSnapshot(`
      "not five of a thousand guesses were judged: a write must be refused when the record changed since it was read, and decided again
      found { right: 0, wrong: 1000, approved: 0 }, expected { right: 0, wrong: 5, approved: 0 }"
    `);
    expect(messages.get('I5: of 200 starts without a requester at the same time exactly one sends a message')).toMatchInlineSnapshot(`
      "of 200 starts not just one sent a message: a write must be refused when the record changed since it was read, and decided again (inserts too)
      found 200, expected 1"
    `);
  });
});

describe('the toy store, mended', () => {
  storeSuite(
    { describe, it },
    ({ clock }) => {
      const store = createMendedToyStore({ clock });
      return { connect: () => store };
    },
    TOY,
  );
});
