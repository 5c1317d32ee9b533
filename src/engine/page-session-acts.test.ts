import { describe, expect, it } from 'vitest';
import { deepFreeze, T0 } from '../../test/builders.ts';
import { HOUR, MINUTE } from '../core/duration.ts';
import type { Decide } from '../stores/store.ts';
import {
  decideApprovePage,
  decideCancelPage,
  decideClaim,
  decideCurrent,
  decideExchange,
  decideIssueResult,
  decideOpenSession,
  decideUnsent,
  MAX_DESTINATIONS,
  PAGE_SESSION_LIFE,
  RESULT_LIFE,
  RESULT_PERIOD,
} from './page-session-acts.ts';
import { decodePageSession } from './page-session-record.ts';

const [SERVICE, OTHER_SERVICE] = ['VA1', 'VA2'];
const hash = (letter: string) => letter.repeat(22);
const [ADA, EVE] = [hash('a'), hash('e')];
const current = { verificationId: 'VE1', to: 'sealed number' };

/** One session's record on a clock that a test sets. */
class Visit {
  clock = T0;
  body: string | undefined;
  expiresAt: number | undefined;
  wrote = false;

  constructor() {
    this.run(decideOpenSession(SERVICE, 'sealed request'));
  }

  run<T>(decide: Decide<T>): T {
    const decision = deepFreeze(decide(this.body, this.clock));
    expect(decide(this.body, this.clock)).toEqual(decision);
    this.wrote = decision.next !== undefined;
    if (decision.next) [this.body, this.expiresAt] = [decision.next.body, decision.next.expiresAt];
    return decision.result;
  }

  /** What an act says that must change nothing. */
  refused<T>(decide: Decide<T>): T {
    const result = this.run(decide);
    expect(this.wrote).toBe(false);
    return result;
  }

  claim(browser = ADA, { hasLink = true, destination }: { hasLink?: boolean; destination?: string } = {}) {
    return this.run(decideClaim({ browser, hasLink, destination }));
  }

  approve(result = hash('r'), browser = ADA) {
    return this.run(decideApprovePage(browser, { claims: 'sealed claims', hash: result }));
  }

  issue(result: string, browser = ADA) {
    return this.run(decideIssueResult(browser, result));
  }

  exchange(result = hash('r'), service = SERVICE) {
    return this.run(decideExchange(service, result));
  }

  get record() {
    return decodePageSession(this.body ?? '');
  }
}

/** A session that one browser has; what follows is done to it. */
function claimed(...acts: ((visit: Visit) => unknown)[]): Visit {
  const visit = new Visit();
  visit.claim();
  for (const act of acts) act(visit);
  return visit;
}

const approved = (...acts: ((visit: Visit) => unknown)[]) => claimed((visit) => visit.approve(), ...acts);

/** Every act that is for one browser and a session that goes on. */
const ACTS: readonly (readonly [name: string, act: (browser: string) => Decide<unknown>, done: string])[] = [
  ['a claim', (browser) => decideClaim({ browser, hasLink: false }), 'claimed'],
  ['a claim with the link', (browser) => decideClaim({ browser, hasLink: true }), 'claimed'],
  ['a claim for a number', (browser) => decideClaim({ browser, hasLink: true, destination: hash('1') }), 'claimed'],
  ['what it is about', (browser) => decideCurrent(browser, current), 'kept'],
  ['a message that did not leave', (browser) => decideUnsent(browser), 'kept'],
  ['a cancellation', (browser) => decideCancelPage(browser), 'canceled'],
];

describe('a page session', () => {
  it('is nobody’s when it is opened, for 30 min, and its record stays for 15 min more', () => {
    const visit = new Visit();
    expect(visit.run(decideOpenSession(SERVICE, 'sealed request'))).toEqual({ expiresAt: T0 + 30 * MINUTE });
    expect(PAGE_SESSION_LIFE).toBe(30 * MINUTE);
    const nothing = { browser: undefined, destinations: [], current: undefined, end: undefined };
    expect(visit.record).toEqual({ createdAt: T0, seen: T0, service: SERVICE, request: 'sealed request', ...nothing });
    expect(visit.expiresAt).toBe(T0 + 45 * MINUTE);
    visit.clock += 10 * MINUTE;
    for (const act of [() => visit.claim(), () => visit.run(decideCurrent(ADA, current)), () => visit.approve(), () => visit.exchange()]) {
      act();
      expect([visit.wrote, visit.expiresAt]).toEqual([true, T0 + 45 * MINUTE]);
    }
  });

  it('is the first browser’s that has its link, and of no other from then on', () => {
    const visit = new Visit();
    for (const [, act] of ACTS.filter(([name]) => !/link|number/.test(name))) expect(visit.refused(act(ADA))).toBe('gone');
    expect(visit.claim(ADA)).toBe('claimed');
    for (const [, act] of ACTS) expect(visit.refused(act(EVE))).toBe('elsewhere');
    expect([visit.claim(ADA, { hasLink: false }), visit.claim(ADA), visit.record.browser]).toEqual(['claimed', 'claimed', ADA]);
  });

  it.each(ACTS)('is open to %s to the last millisecond of 30 min', (_name, act, done) => {
    const visit = claimed();
    visit.clock += PAGE_SESSION_LIFE - 1;
    expect(visit.run(act(ADA))).toBe(done);
    const late = claimed();
    late.clock += PAGE_SESSION_LIFE;
    expect([late.refused(act(ADA)), late.refused(act(EVE))]).toEqual(['gone', 'elsewhere']);
  });

  it.each<[string, Visit]>([
    ['approved', approved()],
    ['exchanged', approved((visit) => visit.exchange())],
    ['canceled', claimed((visit) => visit.run(decideCancelPage(ADA)))],
  ])('takes nothing more when it is %s, not even when its time is over', (_end, visit) => {
    for (const by of [0, PAGE_SESSION_LIFE]) {
      visit.clock = T0 + by;
      for (const [, act] of ACTS) expect([visit.refused(act(ADA)), visit.refused(act(EVE))]).toEqual(['ended', 'elsewhere']);
    }
  });

  it('is gone where there is no record', () => {
    const visit = claimed();
    visit.body = undefined;
    for (const [, act] of ACTS) expect(visit.refused(act(ADA))).toBe('gone');
    expect([visit.approve(), visit.issue(hash('s')), visit.exchange(), visit.body]).toEqual([false, false, undefined, undefined]);
  });

  it('opens nothing again when the clock is set back', () => {
    const visit = claimed();
    visit.clock += PAGE_SESSION_LIFE - 1;
    visit.run(decideCurrent(ADA, current));
    visit.clock -= HOUR;
    expect([visit.claim(), visit.record.seen]).toEqual(['claimed', T0 + PAGE_SESSION_LIFE - 1]);
    visit.clock = T0 + PAGE_SESSION_LIFE;
    expect(visit.refused(decideCancelPage(ADA))).toBe('gone');
  });

  it('is about one verification at a time, and about none once it was canceled or exchanged', () => {
    const visit = claimed((each) => each.run(decideCurrent(ADA, current)));
    expect(visit.record.current).toEqual(current);
    visit.run(decideCurrent(ADA, { ...current, verificationId: 'VE2' }));
    visit.claim();
    expect(visit.record.current?.verificationId).toBe('VE2');
    for (const act of [() => visit.run(decideCancelPage(ADA)), () => [visit.approve(), visit.exchange()]]) {
      visit.body = claimed((each) => each.run(decideCurrent(ADA, current))).body;
      act();
      expect([visit.record.current, visit.record.end?.kind]).toEqual([undefined, expect.stringMatching(/canceled|exchanged/)]);
    }
  });

  it.each<[string, (visit: Visit) => unknown]>([
    ['approved', (visit) => visit.approve()],
    ['canceled', (visit) => visit.run(decideCancelPage(ADA))],
    ['exchanged', (visit) => [visit.approve(), visit.exchange()]],
  ])('knows when it was %s, by the latest time that it has seen', (kind, act) => {
    const at = T0 + 7 * MINUTE;
    for (const back of [0, HOUR]) {
      const visit = Object.assign(new Visit(), { clock: at });
      visit.claim();
      visit.clock -= back;
      act(visit);
      expect(visit.record.end).toMatchObject({ kind, at });
    }
  });
});

describe('the numbers of a visit', () => {
  it('are three at the most, each counted once', () => {
    const visit = claimed();
    const claims = ['1', '1', '2', '1', '3', '3', '2'].map((digit) => visit.claim(ADA, { destination: hash(digit) }));
    expect(claims).toEqual(Array(7).fill('claimed'));
    expect(visit.refused(decideClaim({ browser: ADA, hasLink: true, destination: hash('4') }))).toBe('destinations_used_up');
    expect([visit.claim(ADA, { destination: hash('1') }), visit.claim()]).toEqual(['claimed', 'claimed']);
    expect([visit.record.destinations, MAX_DESTINATIONS]).toEqual([['1', '2', '3'].map(hash), 3]);
  });

  it('are counted for the browser that has it alone, and from the claim that binds it on', () => {
    const visit = new Visit();
    expect(visit.claim(ADA, { destination: hash('1') })).toBe('claimed');
    expect(visit.claim(EVE, { destination: hash('2') })).toBe('elsewhere');
    expect([visit.record.browser, visit.record.destinations]).toEqual([ADA, [hash('1')]]);
  });
});

describe('a message of a visit', () => {
  const send = (visit: Visit, browser = ADA) => visit.run(decideClaim({ browser, hasLink: true, destination: hash('1'), sends: true }));

  it('is had sent by one form at a time, until it left or did not', () => {
    const visit = new Visit();
    expect([send(visit), send(visit), visit.wrote]).toEqual(['claimed', 'sending', false]);
    visit.run(decideCurrent(ADA, current));
    expect([send(visit), send(visit)]).toEqual(['claimed', 'sending']);
    visit.run(decideUnsent(ADA));
    expect(send(visit)).toBe('claimed');
    expect([visit.claim(), send(visit)]).toEqual(['claimed', 'sending']);
    // A form that sends nothing holds none up.
    expect(send(claimed())).toBe('claimed');
  });

  it('is given up after 60 s, by the latest time that was seen', () => {
    const visit = new Visit();
    send(visit);
    visit.clock = T0 + MINUTE - 1;
    expect(send(visit)).toBe('sending');
    visit.clock = T0 + MINUTE;
    expect(send(visit)).toBe('claimed');
    visit.clock = T0;
    expect(send(visit)).toBe('sending');
  });

  it('is no matter of another browser', () => {
    const visit = new Visit();
    send(visit);
    expect([send(visit, EVE), visit.refused(decideUnsent(EVE)), send(visit)]).toEqual(['elsewhere', 'elsewhere', 'sending']);
  });
});

describe('the result of an approval', () => {
  it('is given to the browser that has the session, and to no other', () => {
    const unbound = new Visit();
    expect([unbound.approve(), unbound.wrote]).toEqual([false, false]);
    const visit = claimed();
    expect([visit.approve(hash('r'), EVE), visit.wrote, visit.approve(), visit.record.end]).toEqual([
      ...[false, false, true],
      { kind: 'approved', at: T0, claims: 'sealed claims', results: [{ hash: hash('r'), at: T0 }] },
    ]);
    expect([visit.issue(hash('s'), EVE), visit.wrote, visit.approve(hash('s'), EVE), visit.wrote]).toEqual([false, false, false, false]);
  });

  it('is kept of an approval whose guess was under way as the session’s time ended', () => {
    const visit = claimed();
    visit.clock += PAGE_SESSION_LIFE;
    expect([visit.approve(), visit.exchange()]).toEqual([true, 'sealed claims']);
  });

  it('is exchanged once', () => {
    const visit = approved();
    expect([visit.exchange(), visit.record.end]).toEqual(['sealed claims', { kind: 'exchanged', at: T0 }]);
    expect(visit.body).not.toContain('sealed claims');
    expect([visit.exchange(), visit.wrote, visit.approve(), visit.issue(hash('s')), visit.wrote]).toEqual([undefined, false, false, false, false]);
  });

  it('is exchanged to the last millisecond of 60 s', () => {
    expect(RESULT_LIFE).toBe(60_000);
    const visit = approved((each) => (each.clock += RESULT_LIFE));
    expect([visit.exchange(), visit.wrote]).toEqual([undefined, false]);
    visit.clock -= 1;
    expect(visit.exchange()).toBe('sealed claims');
  });

  it('is not good again when the clock is set back', () => {
    const visit = approved(
      (each) => (each.clock += RESULT_LIFE),
      (each) => each.issue(hash('s')),
    );
    visit.clock = T0;
    expect([visit.exchange(hash('r')), visit.wrote, visit.exchange(hash('s'))]).toEqual([undefined, false, 'sealed claims']);
  });

  it('is worth nothing to another service, nor is any other', () => {
    const visit = approved();
    for (const [result, service] of [
      [hash('r'), OTHER_SERVICE],
      [hash('s'), SERVICE],
      ['', SERVICE],
      [hash('r').slice(1), SERVICE],
    ] as const)
      expect([visit.exchange(result, service), visit.wrote]).toEqual([undefined, false]);
    expect(visit.exchange()).toBe('sealed claims');
  });

  it.each<[string, Visit]>([
    ['nothing yet', claimed()],
    ['a cancellation', claimed((visit) => visit.run(decideCancelPage(ADA)))],
    ['an exchange', approved((visit) => visit.exchange())],
  ])('is none of %s', (_end, visit) => {
    expect([visit.exchange(), visit.wrote, visit.issue(hash('s')), visit.wrote]).toEqual([undefined, false, false, false]);
  });

  it('of a cancellation is not there, whatever is approved after it', () => {
    const visit = claimed((each) => each.run(decideCancelPage(ADA)));
    expect([visit.approve(), visit.wrote, visit.record.end?.kind]).toEqual([false, false, 'canceled']);
  });

  it.each<[string, (visit: Visit, result: string) => boolean]>([
    ['to a browser that comes again', (visit, result) => visit.issue(result)],
    ['to an approval that is brought again', (visit, result) => visit.approve(result)],
  ])('is given once more %s, for 180 s after the approval', (_who, more) => {
    expect(RESULT_PERIOD).toBe(180_000);
    const visit = approved((each) => (each.clock += RESULT_PERIOD - 1));
    expect([more(visit, hash('s')), visit.record.end]).toMatchObject([true, { at: T0, results: [{ at: T0 }, { at: T0 + RESULT_PERIOD - 1 }] }]);
    visit.clock += 1;
    expect([more(visit, hash('t')), visit.wrote]).toEqual([false, false]);
    // Its own minute is behind that.
    visit.clock += RESULT_LIFE - 2;
    expect(visit.exchange(hash('s'))).toBe('sealed claims');
  });

  it('is one of the three newest, each with a minute of its own, and all are worth one exchange', () => {
    const visit = approved();
    for (const result of ['s', 't', 'u']) {
      visit.clock += 10_000;
      expect(visit.issue(hash(result))).toBe(true);
    }
    expect(visit.exchange(hash('r'))).toBeUndefined();
    visit.clock = T0 + 10_000 + RESULT_LIFE;
    expect([visit.exchange(hash('s')), visit.wrote]).toEqual([undefined, false]);
    expect([visit.exchange(hash('t')), visit.exchange(hash('u')), visit.exchange(hash('t'))]).toEqual(['sealed claims', undefined, undefined]);
  });

  it('keeps the claims of the first approval', () => {
    const visit = approved();
    visit.run(decideApprovePage(ADA, { claims: 'other claims', hash: hash('s') }));
    expect(visit.exchange(hash('s'))).toBe('sealed claims');
  });
});
