import { formatWait } from '../format-wait.ts';
import type { Voice } from './voice.ts';

/** One wait of the page. */
interface Wait {
  readonly element: HTMLElement;
  /** What was left when the page was made, in milliseconds. */
  readonly left: number;
  /** What it keeps from being pressed. */
  readonly buttons: readonly HTMLElement[];
}

/** Counts down every wait of the page, and keeps the buttons of its form from being pressed until it is over. The server refuses as well. */
export function countDown({ mention }: Voice): void {
  const since = startClock();
  const waits = Array.from(document.querySelectorAll<HTMLElement>('[data-left]'), toWait);
  for (const { element, buttons } of waits)
    for (const button of buttons) {
      button.addEventListener('click', (event) => {
        if (!element.dataset.left) return;
        event.preventDefault();
        mention(element.textContent ?? '');
      });
    }

  const tick = () => {
    const passed = since();
    const next = waits.map((wait) => showLeft(wait, wait.left - passed)).filter((milliseconds) => milliseconds > 0);
    if (next.length > 0) setTimeout(tick, Math.min(...next));
  };
  tick();
}

/**
 * Milliseconds since the page came. What the machine says the time is does not matter, and may change; a device that was asleep may have stopped the one clock
 * and not the other, so that the one counts which has gone further.
 */
function startClock(): () => number {
  const [arrival] = performance.getEntriesByType('navigation') as PerformanceNavigationTiming[];
  const start = arrival?.responseStart ?? performance.now();
  const date = Date.now() - (performance.now() - start);
  return () => Math.max(performance.now() - start, Date.now() - date);
}

function toWait(element: HTMLElement): Wait {
  const isForButtons = element.closest('.waiting:not([hidden])') !== null;
  const buttons = isForButtons ? (element.closest('form')?.querySelectorAll('button') ?? []) : [];
  for (const button of buttons) button.setAttribute('aria-disabled', 'true');
  return { element, left: Number(element.dataset.left), buttons: [...buttons] };
}

/** @returns when there is something else to show, in milliseconds; 0 for never. */
function showLeft({ element, buttons }: Wait, left: number): number {
  if (!element.dataset.left) return 0;
  const value = element.querySelector('[data-value=wait]');
  if (value !== null) value.textContent = formatWait(left);
  if (left > 0) return left % 1_000 || 1_000;
  element.dataset.left = '';
  const waiting = element.closest<HTMLElement>('.waiting');
  // What was said of a limit goes with its wait.
  (element.closest('#message') ?? element.closest('form')?.querySelector('#message:not([data-good])'))?.replaceChildren();
  (waiting ?? element).hidden = true;
  const ready = waiting?.parentElement?.querySelector<HTMLElement>('.ready');
  if (ready) ready.hidden = false;
  for (const button of buttons) button.removeAttribute('aria-disabled');
  return 0;
}
