import type { Channel, Destination } from '../core/destination.ts';
import type { VerificationState } from './record.ts';
import type { CheckResult, Delivery } from './results.ts';

/**
 * A verification as a door shows it that speaks another product's language: with its destination in full, which callers of the library never get. Only for
 * doors: `index.ts` does not hand it out.
 */
export interface VerificationView {
  /** `VE` + 32 hex. */
  readonly id: string;
  readonly service: string;
  readonly purpose: string;
  /** The channel of the newest delivery. */
  readonly channel: Channel;
  readonly status: VerificationState;
  /** While it is pending; of a guess that ended it, too. Undefined where it had ended before: then nobody knows any more. */
  readonly to: Destination | undefined;
  readonly masked: string;
  readonly createdAt: Date;
  /** When it ended, or else its newest delivery. */
  readonly updatedAt: Date;
  readonly expiresAt: Date;
  readonly deliveries: readonly Delivery[];
  /** 0 where it has ended. */
  readonly attemptsLeft: number;
  /** As `to`. */
  readonly note?: string;
}

/** What a guess came to, and the verification that it was a guess at; undefined where there was none. The view is made when it is asked for. */
export interface Judged<R = CheckResult> {
  readonly result: R;
  readonly view: VerificationView | undefined;
}

/** A guess that was judged, with a view that is made when it is asked for: most are not. */
export class LazyJudged<R> implements Judged<R> {
  readonly result: R;
  readonly #toView: () => VerificationView | undefined;

  constructor(result: R, toView: () => VerificationView | undefined) {
    this.result = result;
    this.#toView = toView;
  }

  get view(): VerificationView | undefined {
    return this.#toView();
  }
}
