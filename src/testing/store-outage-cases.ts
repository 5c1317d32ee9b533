import { createBench, isPending, TO, useUpGuesses } from './engine-bench.ts';
import { expectEqual, expectUnavailable, type StoreCaseGroup } from './store-case.ts';

/** The engine's promises where a store goes away, or a process ends. */
export const outageCases: StoreCaseGroup = {
  title: 'the engine, without its store',
  cases: [
    {
      title: 'I14: while the store is away nothing is approved and nothing is sent',
      async run(stage) {
        const bench = await createBench(stage);
        const { id } = await bench.start();
        const [first, second] = bench.verifiers;
        await stage.closeAll();
        const complaint =
          'with its store closed the engine did not fail with store_unavailable: a store that cannot write must reject, and never make do';
        await expectUnavailable(() => first.check({ id, code: bench.codeFor() }), complaint);
        await expectUnavailable(() => second.check({ id, code: bench.codeFor() }), complaint);
        await expectUnavailable(() => first.start({ to: 'somebody@example.com' }), complaint);
        await expectUnavailable(() => second.resend({ id }), complaint);
        expectEqual(bench.sender.calls, 1, 'a message left though the store was away');
        expectEqual(bench.seen, { right: 0, wrong: 0, approved: 0 }, 'a guess was judged though the store was away');
      },
    },
    {
      title: 'I14: a message that is out when the store goes away counts as sent, and its code is approved when the store is back',
      needs: ['handles'],
      async run(stage) {
        const bench = await createBench(stage, {}, async () => {
          await stage.closeAll();
          return 'sent' as const;
        });
        const started = await bench.start();
        expectEqual(
          started.deliveries.map(({ status }) => status),
          ['unknown'],
          'a message whose end could not be written down was not answered as unknown',
        );
        const later = await createBench(stage);
        const again = await later.verifiers[0].start({ to: TO });
        expectEqual(isPending(again), false, 'a second message left though the first is out: its claim was not committed before it was answered');
        const { status } = await later.verifiers[1].check({ id: started.id, code: bench.codeFor() });
        expectEqual(status, 'approved', 'the code of a message that is out was refused: the claim was not committed before it was answered');
      },
    },
    {
      title: 'I6, I7: a restart forgets no approval and undoes no refusal',
      needs: ['handles'],
      async run(stage) {
        const bench = await createBench(stage);
        const [good, bad] = [await bench.start({ to: 'good@example.com' }), await bench.start({ to: 'bad@example.com' })];
        const [goodCode, badCode] = [bench.codeFor('good@example.com'), bench.codeFor('bad@example.com')];
        await bench.verifiers[0].check({ id: good.id, code: goodCode });
        await useUpGuesses(bench.verifiers[1], bad.id, badCode);
        await stage.closeAll();
        const { verifiers } = await createBench(stage);
        const approved = await verifiers[0].check({ id: good.id, code: goodCode });
        expectEqual(
          approved.status,
          'already_approved',
          'an approval was forgotten when every handle had been closed: answer after the commit is durable',
        );
        const refused = await verifiers[0].check({ id: bad.id, code: badCode });
        expectEqual(
          refused.status,
          'max_attempts_reached',
          'guesses were forgotten when every handle had been closed: answer after the commit is durable',
        );
      },
    },
  ],
};
