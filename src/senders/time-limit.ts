/** A signal for one send, and its end. */
export interface TimeLimit {
  /** Aborts with the caller's signal, or when the time is over. */
  readonly signal: AbortSignal;
  /** To be called when the send is over: it lets go of the timer and of the caller's signal. */
  end(): void;
}

/**
 * Limits one send. A timer of its own and not `AbortSignal.timeout`: that one does not keep the process alive, so a script whose gateway hangs would end
 * without an answer.
 */
export function limitTime(timeout: number, outer: AbortSignal): TimeLimit {
  const controller = new AbortController();
  const abort = () => controller.abort(new DOMException('The time for one send is over', 'TimeoutError'));
  const timer = setTimeout(abort, timeout);
  outer.addEventListener('abort', abort, { once: true });
  if (outer.aborted) abort();
  return {
    signal: controller.signal,
    end() {
      clearTimeout(timer);
      outer.removeEventListener('abort', abort);
    },
  };
}
