import { MAX_WRITE_AGE, type RecordKey } from '../stores/store.ts';
import { allAtOnce, connectTwo, countUp, expectEqual, expectThat, lookAt, outcomeOf, replaceBy, type StoreCaseGroup, toKey } from './store-case.ts';

const KEY = toKey('record');

const CHANGED_TEXT = 'text was changed on its way: the column, the driver or a parser takes it for something else than text';

/** Bodies that something between here and a disk has been known to change. */
const BODIES: readonly string[] = [
  '{"name":"Zoë","emoji":"👩‍👩‍👧‍👦 🇨🇦 𝒳","rtl":"שלום مرحبا","cjk":"検証コード"}',
  'é and e\u0301 are two texts',
  '\uFEFFa byte order mark in front',
  'line\u2028and\u2029paragraph separators, tab\t, line feed\n, carriage return\r\n, DEL\u007f, ESC\u001b',
  'quotes \' " ` \\ \\\\ \\u0041 %s %d $1 ? :name {0} #{x} {{x}} -- ; /* */ <!-- &amp;',
  ' blanks before and after  ',
  '007',
  '1e3',
  'null',
  '{"b":1,"a":1,"a":2}',
  '',
];

/** Keys that a store takes for one where it joins their parts without care. */
const LOOKALIKE_KEYS: readonly RecordKey[] = [
  { kind: 'a', partition: 'b', id: 'c' },
  { kind: 'a', partition: '', id: 'b:c' },
  { kind: 'a', partition: 'b:c', id: 'd' },
  { kind: 'a', partition: 'b', id: 'c:d' },
  { kind: 'a:b', partition: 'c', id: 'd' },
  { kind: 'ab', partition: '', id: 'c' },
  { kind: 'a', partition: 'c', id: 'b' },
  { kind: 'c', partition: 'b', id: 'a' },
];

/** Ids that a store takes for one, or for a pattern. */
const ODD_IDS: readonly string[] = [
  ...['a', 'A', 'ä', 'a\u0308', 'Ä', 'a ', ' a', 'ａ', 'ß', 'ss', 'ı', 'i', 'I'],
  ...['%', '_', '*', '?', '[a]', '{a}', "'", '"', '\\', '/', '.', '..', ':', '-', '0', '00', '1e0', '1', '😀', '\u{1F600}\u{FE0F}'],
  'x'.repeat(127),
  'x'.repeat(128),
];

/** What one handle is promised by `update`. */
export const contractCases: StoreCaseGroup = {
  title: 'a record',
  cases: [
    {
      title: 'A write that was answered is there: whoever looks next finds it, and before it there was nothing',
      async run(stage) {
        const store = await stage.connect();
        expectEqual((await store.read(KEY)).body, undefined, 'a record that nobody wrote has a body: absence is undefined, not an empty text');
        expectEqual(await store.update(KEY, replaceBy('first')), undefined, 'the first decision on a record was not given undefined');
        expectEqual((await store.read(KEY)).body, 'first', 'a write was answered and is not there: answer after the commit');
      },
    },
    {
      title: 'A record is replaced whole, and each decision is given what the one before it wrote',
      async run(stage) {
        const store = await stage.connect();
        await store.update(KEY, replaceBy('{"a":1,"b":2}'));
        expectEqual(await store.update(KEY, replaceBy('{"c":3}')), '{"a":1,"b":2}', 'a decision was not given what the last one wrote');
        expectEqual((await store.read(KEY)).body, '{"c":3}', 'a record was not replaced by what was decided: bodies are neither merged nor parsed');
      },
    },
    {
      title: 'A decision that writes nothing leaves the record as it was, and no record where there was none',
      async run(stage) {
        const store = await stage.connect();
        await store.update(KEY, lookAt);
        expectEqual((await store.read(KEY)).body, undefined, 'a decision without `next` made a record: write only where there is a `next`');
        await store.update(KEY, replaceBy('kept'));
        expectEqual(await store.update(KEY, lookAt), 'kept', 'a decision was not given what the last one wrote');
        expectEqual((await store.read(KEY)).body, 'kept', 'a decision without `next` changed the record: it is not a deletion');
      },
    },
    {
      title: 'A record comes back character for character, whatever language or sign is in it',
      async run(stage) {
        const store = await stage.connect();
        await allAtOnce(BODIES.length, (index) => store.update(toKey(`body ${index}`), replaceBy(BODIES[index] ?? '')));
        for (const [index, body] of BODIES.entries()) {
          expectEqual((await store.read(toKey(`body ${index}`))).body, body, `a body read is not the one written: ${CHANGED_TEXT}`);
          expectEqual(
            await store.update(toKey(`body ${index}`), lookAt),
            body,
            `a decision was given another body than was written: ${CHANGED_TEXT}`,
          );
        }
      },
    },
    {
      title: 'A record of 200 KiB comes back whole, in one byte, two, three or four for each character',
      async run(stage) {
        const store = await stage.connect();
        const [ascii, mixed] = ['x'.repeat(200 * 1024), '1é検😀'.repeat(20 * 1024)];
        await store.update(toKey('ascii'), replaceBy(ascii));
        await store.update(toKey('mixed'), replaceBy(mixed));
        const found = [await store.update(toKey('ascii'), lookAt), await store.update(toKey('mixed'), lookAt)];
        expectThat(found[0] === ascii, 'a body of 200 KiB came back changed: the column or a buffer is too short');
        expectThat(found[1] === mixed, 'a body of 200 KiB came back changed: it was cut or joined in the middle of a character');
      },
    },
    {
      title: 'No two records are taken for one: kind, partition and id are kept apart',
      async run(stage) {
        const store = await stage.connect();
        await allAtOnce(LOOKALIKE_KEYS.length, (index) => store.update(LOOKALIKE_KEYS[index] ?? KEY, replaceBy(String(index))));
        for (const [index, key] of LOOKALIKE_KEYS.entries()) {
          expectEqual((await store.read(key)).body, String(index), 'two keys led to one record: join their parts so that no two joins are equal');
        }
      },
    },
    {
      title: 'Ids are taken as they are: another case, accent, blank or sign is another record',
      async run(stage) {
        const store = await stage.connect();
        const befores = await allAtOnce(ODD_IDS.length, (index) => store.update(toKey(ODD_IDS[index] ?? ''), replaceBy(String(index))));
        const complaint = 'two ids led to one record: compare them byte by byte, in a binary collation, without patterns and without trimming';
        for (const [index, id] of ODD_IDS.entries()) {
          expectEqual(befores[index], undefined, complaint);
          expectEqual((await store.read(toKey(id))).body, String(index), complaint);
        }
      },
    },
    {
      title: 'A call whose decision throws fails alone, with what was thrown: it writes nothing, and its neighbours are answered',
      async run(stage) {
        const store = await stage.connect();
        const thrown = new Error('thrown by a decision');
        const decide = (index: number) => (index % 3 === 1 ? throwing(thrown) : countUp);
        const outcomes = await allAtOnce(9, (index) => outcomeOf(() => store.update(KEY, decide(index))));
        const failed = outcomes.map(({ isRejected }) => isRejected);
        const expected = outcomes.map((_, index) => index % 3 === 1);
        expectEqual(
          failed,
          expected,
          'a throw in one decision decided for others, or was swallowed: of a batch, leave out the one that threw and go on',
        );
        const errors = outcomes.filter(({ isRejected }) => isRejected).map(({ error }) => error === thrown);
        expectEqual(errors, [true, true, true], "a caller was not given the very error that its decision threw: it is not the store's to wrap");
        expectEqual((await store.read(KEY)).body, '6', 'after a throw its neighbours were not written, or it was: go on from the record before it');
        expectEqual(await store.update(KEY, countUp), 7, 'a record could not be written any more after a decision threw');
      },
    },
    {
      title: 'A decision is given the text that was last committed, or undefined, and never another value',
      async run(stage) {
        const [first, second] = await connectTwo(stage);
        const given: unknown[] = [];
        const decided: unknown[] = [undefined];
        await allAtOnce(20, (index) =>
          (index % 2 === 0 ? first : second).update(KEY, (current) => {
            const body = `${(current ?? '').slice(0, 20)}+${index}`;
            given.push(current);
            decided.push(body);
            return { result: undefined, next: { body, expiresAt: undefined } };
          }),
        );
        const strange = given.filter((current) => !decided.includes(current));
        expectEqual(
          strange,
          [],
          'a decision was given something that no decision had made: pass the text itself, nothing parsed, and undefined for none',
        );
      },
    },
    {
      title: 'A decision is given the time of the store, whole milliseconds of its clock and of no other',
      needs: ['clock'],
      async run(stage) {
        const store = await stage.connect();
        const complaint =
          '`now` is not the time of the clock that the store was given: ask that clock in each call, and no other, not even to compare';
        for (const move of [0, 1, 3_600_000, -7_200_000]) {
          stage.clock.advance(move);
          const now = await store.update(KEY, (_current, time) => ({ result: time, next: { body: String(time), expiresAt: undefined } }));
          expectEqual(now, stage.clock.now(), complaint);
          expectEqual(await store.update(KEY, (_current, time) => ({ result: time })), stage.clock.now(), complaint);
          expectEqual((await store.read(KEY)).now, stage.clock.now(), complaint);
        }
      },
    },
    {
      title: 'I8: a decision that was held up for more than five seconds is made again at the time it is then, never applied late',
      needs: ['clock'],
      async run(stage) {
        const store = await stage.connect();
        for (const id of ['absent', 'there']) {
          if (id === 'there') await store.update(toKey(id), replaceBy('before'));
          let runs = 0;
          const now = await store.update(toKey(id), (_current, time) => {
            runs += 1;
            if (runs === 1) stage.clock.advance(MAX_WRITE_AGE + 1);
            return { result: time, next: { body: String(time), expiresAt: undefined } };
          });
          const complaint = 'a write was applied more than 5 s after its read: compare the age of the read in the write itself, for inserts too';
          expectEqual(now, stage.clock.now(), complaint);
          expectEqual((await store.read(toKey(id))).body, String(stage.clock.now()), complaint);
        }
      },
    },
    {
      title: 'A record written shorter is still a record: nothing but its expiry removes one',
      async run(stage) {
        const store = await stage.connect();
        const complaint = 'a record is gone after a short body was written: no body means "delete", for an absent record would forget what it limits';
        for (const body of ['{}', '[]', 'null', '0', '']) {
          await store.update(KEY, replaceBy('{"long":"record","with":["many","limits"]}'));
          await store.update(KEY, replaceBy(body));
          expectEqual((await store.read(KEY)).body, body, complaint);
          expectEqual(await store.update(KEY, lookAt), body, complaint);
        }
      },
    },
  ],
};

function throwing(error: Error): () => never {
  return () => {
    throw error;
  };
}
