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

    it(`I1, I3, I4, I5, I6, I7, I14: no answered approval or refusal is lost, in ${ROUNDS} rounds, and nobody has to start again`, async () => {
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
    }, 180_000);
  });
}
