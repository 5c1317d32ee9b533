/** Rejected with when the time was over. What happened then nobody can tell. */
class TimeIsOver extends Error {
  override readonly name = 'TimeoutError';
}

/**
 * What a promise comes to within so many milliseconds. A timer of its own and not `AbortSignal.timeout`: that one does not keep the process alive, so
 * a script whose provider hangs would end without an answer.
 */
export async function within<T>(milliseconds: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new TimeIsOver('no answer in time')), milliseconds);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
