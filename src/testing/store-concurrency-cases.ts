import type { Store } from '../stores/store.ts';
import { allAtOnce, connectTwo, countUp, expectEqual, expectThat, lookAt, range, replaceBy, type StoreCaseGroup, toKey } from './store-case.ts';

const KEY = toKey('record');

/** The cause of nearly every broken limit. */
export const LOST_UPDATE = 'a write must be refused when the record changed since it was read, and decided again';

const STALE = 'decide on a fresh read whatever writes nothing: nobody else would find out that it was decided on an old record';

/** What several calls, and several processes, are promised. */
export const concurrencyCases: StoreCaseGroup = {
  title: 'many calls at the same time',
  cases: [
    {
      title: 'What is promised over several processes is tried over several: each has a handle of its own',
      needs: ['handles'],
      async run(stage) {
        const [first, second] = await connectTwo(stage);
        const complaint =
          'connect() gave one object twice, so that nothing here can see a version that is not compared: make a store at each connect (where all is in one process: handles: false)';
        expectThat(first !== second, complaint);
      },
    },
    {
      title: 'No update is lost: of 200 made at the same time by two processes all 200 are counted, each once',
      async run(stage) {
        const handles = await connectTwo(stage);
        const counts = await allAtOnce(200, (index) => alternate(handles, index).update(KEY, countUp));
        expectEqual((await handles[0].read(KEY)).body, '200', `updates were lost: ${LOST_UPDATE}`);
        const sorted = counts.toSorted((a, b) => a - b);
        const complaint = `two calls were answered the same count: ${LOST_UPDATE}, and answer with the decision that was committed`;
        expectThat(
          sorted.every((count, index) => count === index + 1),
          complaint,
        );
      },
    },
    {
      title: 'A record is begun once, however many calls find it missing at the same time',
      async run(stage) {
        const handles = await connectTwo(stage);
        const befores = await allAtOnce(40, (index) => alternate(handles, index).update(toKey(`new ${index >> 1}`), replaceBy(`by ${index & 1}`)));
        for (const id of range(20)) {
          const pair = [befores[2 * id], befores[2 * id + 1]];
          const begun = pair.filter((before) => before === undefined).length;
          expectEqual(
            begun,
            1,
            'two calls both began one record: an insert must fail when the record has come into being since it was found missing',
          );
          const last = pair.includes('by 0') ? 'by 1' : 'by 0';
          expectEqual((await handles[0].read(toKey(`new ${id}`))).body, last, `the call that came second was not what remained: ${LOST_UPDATE}`);
        }
      },
    },
    {
      title: 'Records do not meddle with each other: of 200 written at the same time each keeps what is its own',
      async run(stage) {
        const handles = await connectTwo(stage);
        const complaint =
          'a record was given what belongs to another: where calls share a statement, match each result to its key and not to its place';
        const counts = await allAtOnce(200, (index) => alternate(handles, index).update(toKey(`own ${index}`), replaceBy(`body ${index}`)));
        expectThat(
          counts.every((before) => before === undefined),
          complaint,
        );
        const found = await allAtOnce(200, (index) => alternate(handles, index + 1).update(toKey(`own ${199 - index}`), lookAt));
        expectEqual(
          found,
          range(200).map((index) => `body ${199 - index}`),
          complaint,
        );
      },
    },
    {
      title: 'A refusal rests on the latest write, also when another process made it a moment ago',
      async run(stage) {
        const [first, second] = await connectTwo(stage);
        for (const round of range(5)) {
          await second.update(KEY, replaceBy(`written here ${round}`));
          expectEqual(await second.update(KEY, lookAt), `written here ${round}`, `a decision missed what its own process wrote: ${STALE}`);
          await first.update(KEY, replaceBy(`written elsewhere ${round}`));
          expectEqual(await second.update(KEY, lookAt), `written elsewhere ${round}`, `a decision missed what another process wrote: ${STALE}`);
        }
      },
    },
    {
      title: 'A write is seen by every process from the moment it was answered',
      async run(stage) {
        const [first, second] = await connectTwo(stage);
        const complaint = 'a write was answered before it could be seen: answer after the commit, and read where it was committed, not at a replica';
        for (const round of range(10)) {
          await first.update(KEY, replaceBy(`round ${round}`));
          expectEqual((await second.read(KEY)).body, `round ${round}`, complaint);
          expectEqual(await second.update(KEY, replaceBy('seen')), `round ${round}`, complaint);
        }
      },
    },
    {
      title: 'What was answered outlives the process that wrote it',
      needs: ['handles'],
      async run(stage) {
        const [first] = await connectTwo(stage);
        await allAtOnce(20, (index) => first.update(toKey(`kept ${index}`), replaceBy(String(index))));
        await stage.closeAll();
        const later = await stage.connect();
        const found = await allAtOnce(20, (index) => later.update(toKey(`kept ${index}`), lookAt));
        expectEqual(
          found,
          range(20).map(String),
          'an answered write was gone when every handle had been closed: answer after the commit, not after the buffer',
        );
      },
    },
  ],
};

function alternate([first, second]: readonly [Store, Store], index: number): Store {
  return index % 2 === 0 ? first : second;
}
