import { Forbidden, InternalServerError, OtpModel, type OtpModelOptions, TooManyRequests } from 'countersign/otp-model';
import express, { type ErrorRequestHandler, type Express } from 'express';

/**
 * A sign-up in two routes. What is not in `options` comes from the environment. Put a limit by address or session before them: budgets are the number's, so
 * without one a stranger can use up somebody else's.
 */
export function createApp(options: OtpModelOptions = {}): Express {
  const app = express();
  app.use(express.json());

  app.post('/otp/send', async (request, response) => {
    // Take `userId` from your session where you have one: who may name another's could make them wait.
    const { phoneNumber, uniqueId, userId } = request.body ?? {};
    const otp = new OtpModel(phoneNumber, options);
    const counter = await otp.checkCount(uniqueId, userId);
    const { status } = await otp.verification().catch((error) => {
      // Nobody can tell whether it left: it counts, and the person may have it.
      if (error.code === 'unknown') return { status: 'pending' };
      throw error;
    });
    const resendAt = await otp.addCount(counter);
    response.json({ status, counterId: counter.id, resendAt });
  });

  app.post('/otp/check', async (request, response) => {
    const { phoneNumber, code, counterId } = request.body ?? {};
    const otp = new OtpModel(phoneNumber, options);
    const { status } = await otp.verificationCheck(code);
    // Approved is approved: a code is good once, and a counter that is gone already takes nothing of it back.
    await otp.deleteCount(counterId).catch(() => undefined);
    response.json({ status });
  });

  app.use(answerError);
  return app;
}

/** The class throws three exceptions, and its constructor `invalid_destination`. Their messages are for the log, not for a browser. */
const answerError: ErrorRequestHandler = (error, _request, response, _next) => {
  if (error?.code === 'invalid_destination') response.status(400).json({ error: error.code });
  else if (error instanceof TooManyRequests || error instanceof Forbidden || error instanceof InternalServerError) {
    if (error.retryAt) response.set('Retry-After', String(Math.max(1, Math.ceil((error.retryAt.getTime() - Date.now()) / 1000))));
    response.status(error.status).json({ error: error.code });
  } else {
    // A body that is no JSON, a setting at fault: Express itself would answer with a piece of the one and with the stack of both.
    const status = error?.status ?? 500;
    response.status(status).json({ error: status < 500 ? 'invalid_request' : 'internal' });
  }
};
