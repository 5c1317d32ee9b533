import { afterAll, afterEach, beforeAll, it } from 'vitest';
import { createPrivateServer, describeWithPrivate, type PrivateServer } from '../stores/private-servers.ts';
import { inDatabase, type TestServer } from '../stores/sql-servers.ts';
import { assertBuilt, Crew } from './crew.ts';
import { expectNothingLost, expectStake, hire, tellStories } from './load.ts';
import { STORY_LIMITS } from './story.ts';

const ROUNDS = 10;

/** What was answered holds when the server is killed under it. */
export function itSurvivesKillsOfTheServer(server: TestServer): void {
  describeWithPrivate(server, `${server.name}: kill -9 of the server under load`, () => {
    const crew = new Crew();
    let own: PrivateServer;
    beforeAll(async () => {
      assertBuilt();
      own = await createPrivateServer(server);
    });
    afterEach(() => crew.kill());
    afterAll(() => own.remove());

    // Open: on a machine that is not busy some runs find an answered guess or approval that is gone after the kill. Why is not known yet: docs/postgres.md
    // and docs/mysql.md say so. COUNTERSIGN_OPEN=1 runs it; a promise that is not kept must not look like one that is, and the count shows it.
    const run: typeof leaveOut = process.env.COUNTERSIGN_OPEN === '1' ? it : leaveOut;
    run(
      `OPEN: I1, I3, I4, I5, I6, I7, I14: no answered approval or refusal is lost, in ${ROUNDS} rounds, and nobody has to start again`,
      async () => {
        const url = inDatabase(own.url, 'countersign');
        await own.start();
        await server.run(own.url, 'CREATE DATABASE countersign');
        await server.migrate(url);
        const settings = { url, limits: STORY_LIMITS };
        await Promise.all([1, 2, 3, 4].map(() => hire(crew, settings)));
        let isUp = Promise.resolve();
        const stories = await tellStories(
          crew,
          async () => {
            for (let round = 0; round < ROUNDS; round += 1) {
              await Promise.all(crew.workers.map((worker) => worker.tells(40 + ((round * 37) % 67))));
              isUp = own.kill().then(() => own.start());
              await isUp;
            }
          },
          () => isUp,
        );
        expectStake(stories);
        // By those who were there all the time, over the connections they made anew.
        await expectNothingLost(crew, stories);
      },
      180_000,
    );
  });
}

/** Said in the count and in the title, and where whoever looks for tests that are left out finds it. */
function leaveOut(title: string, body: () => Promise<void>, timeout: number): void {
  it.skip(title, body, timeout);
}
