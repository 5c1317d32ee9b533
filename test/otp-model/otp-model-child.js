// What races.test.ts runs in processes of its own: the seed's application, on one SQLite file, sending through a double of Twilio that the test has.
// Plain JavaScript on what was built, since Node 20 does not run TypeScript. It is told to run flows, all at once, and tells what came of each.
import { OtpModel } from '../../dist/otp-model.js';

let settings;

/** One person's sign-up, as the application ran it: whether a message may leave, the message, its count. */
async function run({ phoneNumber, uniqueId, userId }) {
  try {
    const otp = new OtpModel(phoneNumber, settings);
    const counter = await otp.checkCount(uniqueId, userId);
    const { status } = await otp.verification();
    return { status, id: counter.id, count: counter.count, waitsUntil: await otp.addCount(counter) };
  } catch (error) {
    return { thrown: error.name, code: error.code, retryAt: error.retryAt?.toISOString() };
  }
}

const ORDERS = {
  open: async (given) => {
    settings = given;
  },
  run: (flows) => Promise.all(flows.map(run)),
  close: () => OtpModel.closeFiles(),
};

process.on('message', async ({ order, given }) => process.send({ answer: await ORDERS[order](given) }));
// Nobody is left to tell.
process.on('disconnect', () => process.exit());
