import { afterAll, beforeAll, beforeEach, expect, it, onTestFinished } from 'vitest';
import { type CheckResult, createSelfIssuedProvider, createVerifier, type Verifier } from '../../src/index.ts';
import type { Store } from '../../src/stores/store.ts';
import { wrongCodes } from '../../src/testing/engine-bench.ts';
import { createRecordingSender } from '../../src/testing/recording-sender.ts';
import { createSeededRandom } from './cut-store.ts';
import { describeOn, emptyTables, MYSQL, POSTGRES, useDatabase } from './sql-servers.ts';
import { codeOf, increment, keyOf, put } from './store-behaviour.ts';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts';

/** In the body of the write that something happens to; it is on the wire when the write is, and at no other time. */
const MARK = 'the-write-that-is-cut';
const marked = (bytes: Buffer) => bytes.includes(MARK);

for (const server of [POSTGRES, MYSQL]) {
  await describeOn(server, `${server.name}: a wire that is cut`, () => {
    const database = useDatabase(server);
    let proxy: TcpProxy;
    beforeAll(async () => {
      proxy = await startTcpProxy(server.url);
    });
    afterAll(() => proxy.close());
    beforeEach(async () => {
      proxy.setFate(() => 'pass');
      proxy.onKeptBack = () => undefined;
      await emptyTables(server, database.url);
    });

    const use = (store: Store) => {
      onTestFinished(() => store.close());
      return store;
    };
    const openStore = () => use(server.createStore({ url: proxy.via(database.url), poolSize: 4 }));
    const openDirect = () => use(server.createStore({ url: database.url, poolSize: 4 }));

    /** Counts how often it decided, and leaves the mark. */
    const decisions = { count: 0 };
    const leaveMark = (current: string | undefined) => {
      decisions.count += 1;
      return { result: `after ${current}`, next: { body: `${current} ${MARK}`, expiresAt: undefined } };
    };
    const onceMarked = (fate: 'cut_after_reply' | 'drop' | 'reset' | 'vanish') => {
      let isOver = false;
      proxy.setFate((bytes) => {
        if (isOver || !marked(bytes)) return 'pass';
        isOver = true;
        return fate;
      });
    };

    it.each([0, 1, 3])('I6: a reply that is lost after the commit is found in the record, with %i writes of others since', async (others) => {
      const [store, other] = [openStore(), openDirect()];
      await store.update(keyOf('a'), put('first'));
      decisions.count = 0;
      onceMarked('cut_after_reply');
      proxy.onKeptBack = async () => {
        for (let writes = 0; writes < others; writes += 1) await other.update(keyOf('a'), (current) => put(`${current}+`)(current, 0));
      };
      expect(await store.update(keyOf('a'), leaveMark)).toBe('after first');
      expect(decisions.count).toBe(1);
      expect((await other.read(keyOf('a'))).body).toBe(`first ${MARK}${'+'.repeat(others)}`);
    });

    it('I6: with 6 writes of others since it can no longer be told, and is not decided again', async () => {
      const [store, other] = [openStore(), openDirect()];
      await store.update(keyOf('a'), put('first'));
      decisions.count = 0;
      onceMarked('cut_after_reply');
      proxy.onKeptBack = async () => {
        for (let writes = 0; writes < 6; writes += 1) await other.update(keyOf('a'), (current) => put(`${current}+`)(current, 0));
      };
      expect(await codeOf(store.update(keyOf('a'), leaveMark))).toBe('store_unavailable');
      expect(decisions.count).toBe(1);
      expect((await other.read(keyOf('a'))).body).toBe(`first ${MARK}++++++`);
      expect(await store.update(keyOf('b'), increment)).toBe(1);
    });

    it('a reply that is lost after the commit of a new record is found too', async () => {
      const [store, other] = [openStore(), openDirect()];
      await store.update(keyOf('b'), increment);
      decisions.count = 0;
      onceMarked('cut_after_reply');
      proxy.onKeptBack = async () => {
        await other.update(keyOf('a'), (current) => put(`${current}+`)(current, 0));
      };
      expect(await store.update(keyOf('a'), leaveMark)).toBe('after undefined');
      expect(decisions.count).toBe(1);
      expect((await other.read(keyOf('a'))).body).toBe(`undefined ${MARK}+`);
    });

    it.each(['drop', 'reset', 'vanish'] as const)('a write that is lost on its way (%s) is made once in the end', async (fate) => {
      const store = openStore();
      await store.update(keyOf('a'), put('first'));
      onceMarked(fate);
      expect(await store.update(keyOf('a'), leaveMark)).toBe('after first');
      expect((await openDirect().read(keyOf('a'))).body).toBe(`first ${MARK}`);
    });

    it('a slow wire is slow, and nothing else', async () => {
      const store = openStore();
      proxy.setFate(() => ({ delay: 30 }));
      const counts = await Promise.all(Array.from({ length: 50 }, (_, index) => store.update(keyOf(String(index % 5)), increment)));
      expect(Math.max(...counts)).toBe(10);
    });

    it('I14: while the server cannot be reached every call is refused, and when it can they go on without a restart', async () => {
      const store = openStore();
      await store.update(keyOf('a'), increment);
      proxy.setFate(() => 'drop');
      proxy.cutAll();
      expect(await codeOf(store.update(keyOf('b'), increment))).toBe('store_unavailable');
      expect(await codeOf(store.read(keyOf('a')))).toBe('store_unavailable');
      expect(await codeOf(store.ping())).toBe('store_unavailable');
      proxy.setFate(() => 'pass');
      await store.ping();
      expect(await store.update(keyOf('a'), increment)).toBe(2);
    });

    it('I1, I3, I5, I6 hold over a wire that loses every eighth request or its reply', async () => {
      const seed = Math.floor(Math.random() * 2 ** 32);
      const random = createSeededRandom(seed);
      console.log(`${server.name}, a bad wire: seed ${seed}`);
      const sender = createRecordingSender('sent');
      const judged = { approved: new Map<string, number>(), wrong: new Map<string, number>() };
      const open = (store: Store): Verifier => {
        const provider = createSelfIssuedProvider({ senders: [sender] });
        const verifier = createVerifier({ secret: 'the same in every verifier of the test', store, provider });
        verifier.on('checked', ({ id, right }) => {
          const counts = right ? judged.approved : judged.wrong;
          counts.set(id, (counts.get(id) ?? 0) + 1);
        });
        return verifier;
      };
      const verifiers = [open(openStore()), open(openStore())];
      const sound = open(openDirect());
      for (const verifier of verifiers) await verifier.start({ to: `warm-${verifiers.indexOf(verifier)}@example.com` });
      proxy.setFate((bytes) => {
        const [dice = 255] = random(1);
        // What a driver says of itself when it connects is left alone: how a login fails is tried elsewhere.
        if (bytes.length < 200 || dice >= 32) return 'pass';
        return (['cut_after_reply', 'cut_after_reply', 'drop', 'reset'] as const)[dice % 4] ?? 'drop';
      });
      const turn = { count: 0 };
      const next = () => verifiers[turn.count++ % 2]!;
      const quiet = async <T>(call: Promise<T>): Promise<T | undefined> => {
        try {
          return await call;
        } catch (error) {
          expect(error).toMatchObject({ code: 'store_unavailable' });
          return undefined;
        }
      };

      const crowds = Array.from({ length: 60 }, (_, index) => `person-${index}@example.com`);
      await Promise.all(crowds.flatMap((to) => [1, 2, 3].map(() => quiet(next().start({ to })))));
      // I5: of three starts one sends, or none where its claim could not be accounted for.
      const sent = crowds.map((to) => sender.messagesTo(to).length);
      expect(Math.max(...sent)).toBe(1);
      expect(sent.filter((count) => count === 1).length).toBeGreaterThan(20);

      // Those whose start was answered go on.
      const starts = await Promise.all(
        Array.from({ length: 60 }, async (_, index) => {
          const to = `other-${index}@example.com`;
          const started = await quiet(next().start({ to }));
          return { to, id: started?.status === 'pending' ? started.id : undefined };
        }),
      );
      const told = new Map<string, CheckResult['status'][]>();
      await Promise.all(
        starts.map(async ({ to, id }, index) => {
          const code = sender.messagesTo(to).at(-1)?.code.reveal();
          if (id === undefined || code === undefined) return;
          const wrong = wrongCodes(code, index % 2 === 0 ? 3 : 8);
          const guesses = index % 2 === 0 ? [...wrong, code, code] : [...wrong, code];
          const answers: CheckResult['status'][] = [];
          for (const guess of guesses) {
            const answer = await quiet(next().check({ id, code: guess }));
            if (answer) answers.push(answer.status);
          }
          told.set(id, answers);
        }),
      );
      proxy.setFate(() => 'pass');
      expect(told.size).toBeGreaterThan(20);
      let approvals = 0;
      for (const [id, answers] of told) {
        const { status } = await sound.show({ id });
        // I1: at most one approval. I3: at most five wrong guesses. I6: an answered one is in the record.
        expect(answers.filter((answer) => answer === 'approved').length).toBeLessThanOrEqual(1);
        expect(judged.approved.get(id) ?? 0).toBeLessThanOrEqual(1);
        expect(judged.wrong.get(id) ?? 0).toBeLessThanOrEqual(5);
        if (answers.includes('approved') || answers.includes('already_approved')) expect(status).toBe('approved');
        if (answers.includes('max_attempts_reached')) expect(status).toBe('max_attempts_reached');
        approvals += Number(answers.includes('approved'));
      }
      expect(approvals).toBeGreaterThan(5);
    });
  });
}
