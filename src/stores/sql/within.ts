/**
 * Resolves as `work` does, or rejects with an error of that `code` where it takes longer than so many milliseconds; what it comes to later is dropped.
 *
 * @param whenLate called when the time is up.
 */
export async function within<T>(work: Promise<T>, timeout: number, code: string, whenLate: () => void = () => undefined): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      whenLate();
      reject(Object.assign(new Error(code), { code }));
    }, timeout);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Waits for a pool to take leave of its server, and not for a server that has gone without one. */
export async function endPool(end: () => Promise<unknown>, timeout: number): Promise<void> {
  try {
    await within(end(), timeout, 'END_TIMEOUT');
  } catch {
    // What was answered is committed: a connection that does not close well takes nothing of it back.
  }
}
