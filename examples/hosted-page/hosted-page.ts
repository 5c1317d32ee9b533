import { randomBytes } from 'node:crypto';
import { parseCookie } from 'cookie';
import express, { type ErrorRequestHandler, type Express, type Request } from 'express';
import { createRemoteJWKSet, jwtVerify } from 'jose';

/** How the service is reached. */
export interface Countersign {
  /** Its public URL to the character, which is `iss` in its proofs: its setting `publicUrl`, or what `countersign dev` prints. No slash at the end. */
  readonly url: string;
  /** `SK…:secret`, with the scopes `start` and `check`. */
  readonly apiKey: string;
  /** The id `VA…` of the service that the key is for. */
  readonly service: string;
}

/** What the shop keeps of one browser. Yours is in your session store. */
interface Session {
  state?: string;
  nonce?: string;
  verified?: string;
}

/** A sign-up that leaves number and code to the hosted page. `/verified` is the return URL, and has to be one of the service's `page.returnUrls`. */
export function createApp({ url, apiKey, service }: Countersign): Express {
  const sessions = new Map<string, Session>();
  const accepted = new Set<string>(); // a table with a unique column, in your database
  const keys = createRemoteJWKSet(new URL('/.well-known/jwks.json', url));
  const call = (path: string, body: object) => {
    const headers = { authorization: `Basic ${Buffer.from(apiKey).toString('base64')}`, 'content-type': 'application/json' };
    return fetch(new URL(path, url), { method: 'POST', headers, body: JSON.stringify(body) });
  };
  const findSession = ({ headers }: Request) => sessions.get(parseCookie(headers.cookie ?? '').shop ?? '');

  const app = express();
  app.get('/', (request, response) => {
    const verified = findSession(request)?.verified;
    response.send(toPage(verified === undefined ? 'Sign up with your phone number.' : `You are signed up with ${verified}.`));
  });

  app.post('/signup', async (request, response) => {
    // `state` says at the return that it is this browser's visit, `nonce` that the proof comes of it. Give `requester` where you know the account.
    const [id, state, nonce] = [createSecret(), createSecret(), createSecret()];
    const opened = await call('/v1/sessions', { service, state, nonce, purpose: 'signup' });
    if (!opened.ok) throw await toError('no session was opened', opened);
    const { url: link } = (await opened.json()) as { url: string };
    // Ensure that the proof will be found good, before anybody types a number: `localhost` is not 127.0.0.1.
    if (!link.startsWith(`${url}/`)) throw new Error(`\`url\` has to be what the service calls itself, ${new URL(link).origin}, and is ${url}`);
    sessions.set(id, { state, nonce });
    response.cookie('shop', id, { httpOnly: true, sameSite: 'lax', secure: request.secure });
    response.redirect(303, link);
  });

  app.get('/verified', async (request, response) => {
    const session = findSession(request);
    const { state, result, error } = request.query;
    // Ensure that it is the visit of this browser: else a stranger's link would sign it up with the stranger's number (login CSRF, RFC 6749 §10.12).
    if (session?.state === undefined || state !== session.state)
      return response.status(403).send(toPage('This sign-up was begun in another browser.'));
    if (error === 'canceled') return response.send(toPage('You canceled. Nothing was verified.'));
    if (error !== undefined) return response.send(toPage('That took too long. Please begin again.'));
    const exchanged = await call('/v1/sessions/exchange', { result });
    if (exchanged.status === 404) return response.status(403).send(toPage('This was used already, or took too long. Please begin again.'));
    if (!exchanged.ok) throw await toError('no result was exchanged', exchanged);
    const { token } = (await exchanged.json()) as { token: string };
    const { payload } = await jwtVerify(token, keys, { algorithms: ['EdDSA'], issuer: url, audience: service, requiredClaims: ['jti', 'exp'] });
    const { jti = '', nonce, purpose, test, phone_number, email } = payload;
    // What a signature cannot say: that the proof is of this sign-up, that somebody was asked, and that it is new.
    const isGood = nonce === session.nonce && purpose === 'signup' && test !== true && !accepted.has(jti);
    if (!isGood) return response.status(403).send(toPage('This proof is not good.'));
    accepted.add(jti);
    session.verified = String(phone_number ?? email);
    // Away from the address with the result in it.
    return response.redirect(303, '/');
  });

  app.use(answerError);
  return app;
}

function createSecret(): string {
  return randomBytes(16).toString('base64url');
}

/** Plain text in a page: an address may hold what HTML reads as markup. */
function toPage(text: string): string {
  const safe = text.replace(/[&<]/g, (found) => (found === '&' ? '&amp;' : '&lt;'));
  const head = '<!doctype html><html lang="en"><meta name="viewport" content="width=device-width"><title>Shop</title><link rel="icon" href="data:,">';
  return `${head}<p>${safe}</p><form method="post" action="/signup"><button>Sign up</button></form>`;
}

/** What the service refused, in its own words, which repeat nothing of the request. */
async function toError(what: string, response: globalThis.Response): Promise<Error> {
  const { detail = '' } = (await response.json().catch(() => ({}))) as { detail?: string };
  return new Error(`${what}: ${response.status} ${detail}`);
}

/** The reason is for your log and not for a browser. Only what errors say: one of `jose` also holds the claims, and so the number. */
const answerError: ErrorRequestHandler = ({ message, cause }, _request, response, _next) => {
  console.error(message, cause?.code ?? '');
  response.status(503).send(toPage('That did not work. Please try again in a moment.'));
};
