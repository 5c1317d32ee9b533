/**
 * The seed's flow from start to end: the class OtpModel, the official Twilio SDK, and a double of Twilio Verify on loopback, on a clock that stands still
 * until it is moved. Each step is held against what docs/from-otp-model.md says of it; the process ends with 0 only if all of them were so.
 *
 *     npm run demo -- --otp-model
 */
import { isDeepStrictEqual } from 'node:util';
import { Forbidden, InternalServerError, type OtpCounter, OtpModel, TooManyRequests } from '../../src/otp-model.ts';
import { createMemoryStore } from '../../src/stores/memory.ts';
import { createFakeClock } from '../../src/testing/fake-clock.ts';
import { createTwilioDouble } from '../../test/twilio/double.ts';

/** Numbers 555-0100 to 555-0199 of each area are kept for fiction (NANPA, "555 Line Numbers"). */
const NUMBER = '+12025550143';
const WAITS = [120_000, 300_000, 900_000, 86_400_000] as const;

const clock = createFakeClock();
const twilio = await createTwilioDouble({ clock });
const [firstResendDuration, secondResendDuration, thirdResendDuration, fourthResendDuration] = WAITS;
const otp = new OtpModel(NUMBER, {
  store: createMemoryStore({ clock }),
  secret: `${twilio.authToken}${twilio.authToken}`,
  twilioAccountSid: twilio.accountSid,
  twilioAuthToken: twilio.authToken,
  twilioServiceSid: twilio.serviceSid,
  twilioBaseUrl: twilio.baseUrl,
  ...{ firstResendDuration, secondResendDuration, thirdResendDuration, fourthResendDuration },
});

let steps = 0;
let failed = 0;

/** One step: what is called, what it should come to, and what it came to. */
async function step(call: string, expected: unknown, work: () => Promise<unknown>): Promise<void> {
  const found = await work().catch(describe);
  const isRight = isDeepStrictEqual(found, expected);
  steps += 1;
  if (!isRight) failed += 1;
  console.log(`${isRight ? 'ok  ' : 'NOT '} ${new Date(clock.now()).toISOString()}  ${call.padEnd(46)} ${show(found)}`);
  if (!isRight) console.log(`     expected ${show(expected)}`);
}

/** The three exceptions by name, code and time; anything else is a defect. */
function describe(error: unknown): unknown {
  if (error instanceof TooManyRequests || error instanceof Forbidden || error instanceof InternalServerError) {
    return [error.name, error.code, ...(error.retryAt ? [error.retryAt.toISOString()] : [])];
  }
  return ['not one of the three', String(error)];
}

function show(value: unknown): string {
  return Array.isArray(value) ? value.join(', ') : String(value);
}

const inWait = (milliseconds: number) => new Date(clock.now() + milliseconds).toISOString();
const check = () => otp.checkCount('sign-up', 'user-1');

/** A message as the seed's application sent one: checkCount, verification, addCount. */
async function send(count: number, wait: number): Promise<OtpCounter> {
  let counter: OtpCounter | undefined;
  await step(`checkCount: a counter at ${count}, claimed`, count, async () => {
    counter = await check();
    return counter.count;
  });
  if (counter === undefined) throw new Error('there is no counter to go on with');
  const claimed: OtpCounter = counter;
  await step('checkCount: a second caller at the same time', ['TooManyRequests', 'in_progress', inWait(15_000)], check);
  await step('verification: Twilio sends the code', ['pending', NUMBER, 'sms'], async () => {
    const { status, to, channel } = await otp.verification();
    return [status, to, channel];
  });
  await step('addCount: the next may follow at', inWait(wait), () => otp.addCount(claimed));
  await step('addCount: the same counter again', ['TooManyRequests', 'conflict', inWait(wait)], () => otp.addCount(claimed));
  return claimed;
}

console.log(`OtpModel for ${NUMBER}, a number kept for fiction. Twilio is a double on this machine; nothing is sent.\n`);
for (const [rung, wait] of WAITS.entries()) {
  await send(rung, wait);
  const end = inWait(wait);
  clock.advance(wait - 1);
  await step(`checkCount: a millisecond before wait ${rung + 1} is over`, ['TooManyRequests', 'resend_too_soon', end], check);
  clock.advance(1);
}
const counter = await send(0, WAITS[0]);

const code = twilio.codeFor(NUMBER);
const wrong = `${code.slice(0, -1)}${(Number(code.at(-1)) + 1) % 10}`;
await step('verificationCheck: a wrong code', ['Forbidden', 'wrong_code'], () => otp.verificationCheck(wrong));
twilio.next({ status: 503 });
await step('verificationCheck: Twilio is out of order', ['InternalServerError', 'provider_unavailable'], () => otp.verificationCheck(code));
await step('verificationCheck: the code that was sent', ['approved', true, NUMBER], async () => {
  const { status, valid, to } = await otp.verificationCheck(code);
  return [status, valid, to];
});
await step('verificationCheck: the same code again', ['Forbidden', 'already_approved'], () => otp.verificationCheck(code));
await step('deleteCount: the counter', undefined, () => otp.deleteCount(counter.id));
await step('deleteCount: the counter again', ['Forbidden', 'not_found'], () => otp.deleteCount(counter.id));
await step('the messages that Twilio sent', WAITS.length + 1, async () => twilio.messages.length);

await twilio.close();
console.log(failed === 0 ? `\nAll ${steps} steps did what they should.` : `\n${failed} of ${steps} steps did something else.`);
process.exitCode = failed === 0 ? 0 : 1;
