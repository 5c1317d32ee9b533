import type { Channel } from '../../../core/destination.ts';
import type { VerifierEvent } from '../../../engine/verifiers.ts';
import type { InboxItem, InboxMessage, InboxNews, InboxVerification } from './inbox-news.ts';

/** A message as it would have gone out. */
export interface Arrival {
  /** The delivery's id. */
  readonly id: string;
  /** Undefined where nobody said which one it is for. */
  readonly verificationId: string | undefined;
  readonly channel: Channel;
  /** In full: whoever opens the inbox is to know whose phone it is. */
  readonly to: string;
  readonly subject: string | undefined;
  readonly text: string;
  readonly code: string;
}

/** What there is to see. */
export interface InboxContent {
  /** Oldest first. */
  readonly items: readonly InboxItem[];
  readonly verifications: readonly InboxVerification[];
}

/** Messages that went nowhere, kept in memory for whoever looks. */
export interface Inbox {
  receive(arrival: Arrival): void;
  /** Takes what verifiers commit. */
  hear(event: VerifierEvent): void;
  clear(): void;
  content(): InboxContent;
  /** Tells what is new from now on, and returns what ends that. */
  follow(tell: (news: InboxNews) => void): () => void;
}

/** The oldest go first. */
const MOST_ITEMS = 100;

/** Makes an empty inbox. @param now milliseconds since 1970. */
export function createInbox(now: () => number): Inbox {
  const verifications = new Map<string, InboxVerification>();
  const followers = new Set<(news: InboxNews) => void>();
  let items: readonly InboxItem[] = [];
  let refusals = 0;

  const publish = (news: InboxNews) => {
    for (const tell of followers) tell(news);
  };
  const add = (item: InboxItem) => {
    items = [...items, item].slice(-MOST_ITEMS);
    publish({ type: 'item', item });
  };
  const change = (id: string, changed: Partial<InboxVerification>) => {
    const known = verifications.get(id);
    if (known === undefined) return;
    const verification = { ...known, ...changed };
    verifications.set(id, verification);
    publish({ type: 'verification', verification });
  };
  /** One whose messages have all gone is not looked at any more; the newest may have none yet. */
  const forget = (newest: string) => {
    const shown = new Set(items.map((item) => item.kind === 'message' && item.verificationId));
    for (const id of verifications.keys()) if (id !== newest && !shown.has(id)) verifications.delete(id);
  };

  return {
    receive({ verificationId, subject, ...arrival }) {
      const message: InboxMessage = {
        ...{ kind: 'message', at: new Date(now()).toISOString(), ...arrival },
        ...(subject !== undefined && { subject }),
        ...(verificationId !== undefined && { verificationId }),
      };
      add(message);
    },
    hear({ name, event }) {
      switch (name) {
        case 'started': {
          const { id, purpose, attemptsLeft, expiresAt, resendAt } = event;
          verifications.set(id, {
            id,
            purpose,
            status: 'pending',
            attemptsLeft,
            expiresAt: expiresAt.toISOString(),
            resendAt: resendAt.toISOString(),
          });
          if (verifications.size > 2 * MOST_ITEMS) forget(id);
          return change(id, {});
        }
        case 'checked': {
          const { id, right, attemptsLeft } = event;
          // A right one ends it as well, and that is told next.
          return right ? undefined : change(id, { attemptsLeft, ...(attemptsLeft === 0 && { status: 'max_attempts_reached' }) });
        }
        case 'approved':
        case 'canceled':
        case 'expired':
          return change(event.id, { status: name, attemptsLeft: 0 });
        case 'refused': {
          refusals += 1;
          const { to, reason, rule } = event;
          return add({
            kind: 'refusal',
            id: `refusal-${refusals}`,
            at: new Date(now()).toISOString(),
            to,
            reason,
            ...(rule !== undefined && { rule }),
          });
        }
      }
    },
    clear() {
      items = [];
      publish({ type: 'cleared' });
    },
    content: () => ({ items, verifications: [...verifications.values()] }),
    follow(tell) {
      followers.add(tell);
      return () => void followers.delete(tell);
    },
  };
}
