import type { News } from './news.ts';

/** What is told of the stream. */
export interface Listener {
  heard(news: News): void;
  /** The server cannot be reached; the browser goes on trying. */
  lost(): void;
}

/**
 * Listens to the server. While nobody looks at the page it does not: a browser has six connections to one server, and each page that listens holds one. The
 * first thing heard is always all there is, so that nothing is missed.
 */
export function connect({ heard, lost }: Listener): void {
  let source: EventSource | undefined;
  const follow = () => {
    if (document.hidden) {
      source?.close();
      source = undefined;
      return;
    }
    source ??= open();
  };
  const open = () => {
    const opened = new EventSource('/inbox/events');
    opened.addEventListener('message', ({ data }) => heard(JSON.parse(data) as News));
    opened.addEventListener('error', () => {
      lost();
      // The browser does not try again by itself where something else answered.
      if (opened.readyState === EventSource.CLOSED) {
        source = undefined;
        setTimeout(follow, 1000);
      }
    });
    return opened;
  };
  document.addEventListener('visibilitychange', follow);
  follow();
}
