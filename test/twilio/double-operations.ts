import { type Body, checkBody, serviceBody, type TwilioPlace, verificationBody } from './double-bodies.ts';
import { notFound, TwilioError } from './double-errors.ts';
import type { Form } from './double-params.ts';
import type { Verifications } from './double-verifications.ts';

/** What operations work on. */
export interface Service {
  readonly place: TwilioPlace;
  readonly verifications: Verifications;
  readonly codeLength: number;
  readonly customCodes: boolean;
  readonly createdAt: number;
}

/** One of Twilio's operations, as its document names it. */
export interface Operation {
  readonly id: string;
  readonly status: 200 | 201;
  run(service: Service, call: Call): Body;
}

/** A request that was understood. `key` is the sid or number in its path, if it has one. */
export interface Call {
  readonly path: string;
  readonly key: string;
  readonly form: Form;
}

/** Sends a code: the one operation that a number can be too busy for. */
export const CREATE_VERIFICATION: Operation = {
  id: 'CreateVerification',
  status: 201,
  run: ({ place, verifications }, { form }) => verificationBody(verifications.create(form), place),
};

const FETCH_SERVICE: Operation = {
  id: 'FetchService',
  status: 200,
  run: ({ place, codeLength, customCodes, createdAt }) => serviceBody(place, { codeLength, customCodes, at: createdAt }),
};

const FETCH_VERIFICATION: Operation = {
  id: 'FetchVerification',
  status: 200,
  run: ({ place, verifications }, { key, path }) => verificationBody(verifications.fetch(key, path), place),
};

const UPDATE_VERIFICATION: Operation = {
  id: 'UpdateVerification',
  status: 200,
  run: ({ place, verifications }, { key, form, path }) => verificationBody(verifications.update(key, form, path), place),
};

/** 200, though the document lists 201 as well: the live API answers 200. */
const CREATE_CHECK: Operation = {
  id: 'CreateVerificationCheck',
  status: 200,
  run: ({ place, verifications }, { form, path }) => checkBody(verifications.check(form, path), place),
};

const ROUTES: readonly { readonly pattern: RegExp; readonly verbs: Readonly<Record<string, Operation>> }[] = [
  { pattern: /^$/, verbs: { GET: FETCH_SERVICE } },
  { pattern: /^\/Verifications$/, verbs: { POST: CREATE_VERIFICATION } },
  { pattern: /^\/Verifications\/([^/]+)$/, verbs: { GET: FETCH_VERIFICATION, POST: UPDATE_VERIFICATION } },
  { pattern: /^\/VerificationCheck$/, verbs: { POST: CREATE_CHECK } },
];

/**
 * Which operation a request means.
 *
 * @throws {TwilioError} 20404 for a path or service there is not, 20004 for a verb that a path has not.
 */
export function findOperation({ method, path }: { method: string; path: string }, serviceSid: string): { operation: Operation; key: string } {
  const [service, rest] = [path.slice(0, '/v2/Services/'.length + 34), path.slice('/v2/Services/'.length + 34)];
  if (service !== `/v2/Services/${serviceSid}`) throw notFound(path);
  for (const { pattern, verbs } of ROUTES) {
    const match = pattern.exec(rest);
    if (!match) continue;
    const operation = verbs[method];
    if (!operation) throw new TwilioError(20004);
    return { operation, key: decode(match[1] ?? '', path) };
  }
  throw notFound(path);
}

/** A plus in a path is a plus: only in a query it would be a space. */
function decode(key: string, path: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    throw notFound(path);
  }
}
