/** How long what a ping came to is told to others, in milliseconds. */
const SPACING = 1_000;

/**
 * One ping at a time and at most one a second, whoever asks and however often: anybody may ask whether a process is ready, and each ping is a write.
 *
 * @param monotonic a clock that never goes back, in milliseconds.
 */
export function createSharedPing(ping: () => Promise<void>, monotonic: () => number): () => Promise<void> {
  let latest: Promise<void> | undefined;
  let isUnderWay = false;
  let begunAt = 0;
  const begin = async () => {
    isUnderWay = true;
    begunAt = monotonic();
    try {
      await ping();
    } finally {
      isUnderWay = false;
    }
  };
  return () => {
    if (latest === undefined || (!isUnderWay && monotonic() - begunAt >= SPACING)) latest = begin();
    return latest;
  };
}
