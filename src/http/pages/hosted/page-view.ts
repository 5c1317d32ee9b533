import { listCountries, suggestCountry } from '../../../core/countries.ts';
import { parseDestination } from '../../../core/destination.ts';
import { formatPhone } from '../../../core/typed-number.ts';
import type { ShowResult } from '../../../engine/results.ts';
import { isFault, isGood, renderSaid, type Said } from './said.ts';
import { channelsOf, kindOf, type PageForm } from './steps.ts';
import { renderAsk } from './views/ask-view.ts';
import { renderCode } from './views/code-view.ts';
import type { FormContext } from './views/form.ts';
import type { View } from './views/layout.ts';
import type { OpenSession, Visit } from './visit.ts';

/** A visit that is its browser's own, or may become so, with what its page is to say. */
export interface Viewed {
  readonly visit: Visit;
  readonly session: OpenSession;
  readonly form: FormContext;
  /** Names the verification that the page is about. */
  readonly mark: string;
  readonly said: Said | undefined;
  /** Which kind of destination is asked for, where there is a choice. */
  readonly ask: 'email' | 'phone' | undefined;
  /** What was typed, where a form is shown again. */
  readonly typed?: PageForm | undefined;
}

type Shown = Exclude<ShowResult, { readonly status: 'not_found' }>;

/** The page of a visit as it is now: for the code where a message was sent, and else for where to send one. */
export async function viewPage(viewed: Viewed): Promise<View> {
  const shown = await show(viewed.session);
  return shown === undefined || viewed.ask !== undefined ? viewAsk(viewed) : viewCode(viewed, shown);
}

/** The verification that a visit is about; undefined where there is none yet, or it was erased. */
async function show({ current, request, verifier }: OpenSession): Promise<Shown | undefined> {
  if (current === undefined) return undefined;
  const { purpose, requester } = request;
  const shown = await verifier.show({
    id: current.verificationId,
    ...(purpose !== undefined && { purpose }),
    ...(requester !== undefined && { requester }),
  });
  return shown.status === 'not_found' ? undefined : shown;
}

/** The question for a number or an address. */
export function viewAsk({ visit, session, form, said, ask, typed }: Viewed): View {
  const { texts, language, now } = visit;
  const { request, page, verifier } = session;
  const given = request.to === undefined ? undefined : parseDestination(request.to);
  const kinds = (['phone', 'email'] as const).filter((kind) => channelsOf(session, kind).length > 0);
  const kind = given?.kind ?? kinds.find((offered) => offered === ask) ?? kinds[0] ?? 'phone';
  const countries = given === undefined && kind === 'phone' ? listCountries(language.language.tag, verifier.countries) : [];
  const context = { texts, now, kind, brand: page.brand, digits: session.settings.codeLength, attemptsLeft: 1 };
  return renderAsk({
    ...form,
    ...{ texts, kind, countries, brand: page.brand, to: given?.masked, channels: channelsOf(session, kind) },
    hasOther: given === undefined && kinds.length > 1,
    typed: {
      country: typed?.get('country') ?? suggestCountry({ region: language.region, countries }) ?? '',
      number: typed?.get('number') ?? '',
      email: typed?.get('email') ?? '',
      channel: typed?.get('channel') ?? '',
    },
    message: said && renderSaid(said, context),
    isFault: said !== undefined && isFault(said),
  });
}

function viewCode({ visit, session, form, mark, said }: Viewed, shown: Shown): View {
  const { texts, language, now } = visit;
  const { page, request, current } = session;
  const to = current?.to ?? '';
  const kind = kindOf(to);
  const digits = shown.codeLength;
  const context = { texts, now, kind, brand: page.brand, digits, attemptsLeft: shown.attemptsLeft };
  // The address of a page that said so is loaded again when the verification has ended: there are no attempts left to speak of.
  const isOver = shown.status !== 'pending' && said?.what === 'wrong_code';
  const resendAt = shown.resendAt.getTime();
  // The wait for the next message stands beside what is said of it.
  const isTold = shown.status === 'pending' && said?.until === resendAt;
  return renderCode({
    ...form,
    ...{ texts, language: language.language, kind, digits, now, brand: page.brand, status: shown.status },
    to: request.to === undefined ? (kind === 'phone' ? formatPhone(to) : to) : shown.to,
    channel: shown.channel,
    channels: channelsOf(session, kind),
    resendAt,
    canChange: request.to === undefined && session.destinationsLeft > 0,
    message: said && !isOver ? renderSaid(isTold ? { what: said.what } : said, context) : undefined,
    isOfGuess: said?.isOfGuess ?? false,
    isGood: said !== undefined && isGood(said),
    isFault: said !== undefined && isFault(said),
    mark,
  });
}
