import { find } from './dom.ts';
import { type Card, makeCard } from './item-card.ts';
import type { Item, Verification } from './news.ts';

/** As many as the server keeps. */
const MOST_ITEMS = 100;

/** The list of what arrived, newest first. */
export interface ItemList {
  /** All there is: what is shown already stays as it is. */
  reset(items: readonly Item[], verifications: readonly Verification[]): void;
  add(item: Item): void;
  update(verification: Verification): void;
  clear(): void;
}

/** Makes the list of the page. */
export function createItemList(): ItemList {
  const [list, empty, clearButton] = [find('#items'), find('#empty'), find('#clear')];
  const cards = new Map<string, Card>();
  const verifications = new Map<string, Verification>();

  const refresh = (card: Card) => card.update(verifications.get(card.verificationId ?? ''));
  const showWhetherEmpty = () => {
    empty.hidden = cards.size > 0;
    clearButton.hidden = cards.size === 0;
  };
  const remove = (id: string) => {
    cards.get(id)?.element.remove();
    cards.delete(id);
  };
  const add = (item: Item) => {
    if (cards.has(item.id)) return;
    const card = makeCard(item);
    refresh(card);
    cards.set(item.id, card);
    list.prepend(card.element);
    for (const oldest of cards.keys()) if (cards.size > MOST_ITEMS) remove(oldest);
    showWhetherEmpty();
  };

  setInterval(() => {
    for (const card of cards.values()) refresh(card);
  }, 1000);

  return {
    reset(items, known) {
      const ids = new Set(items.map(({ id }) => id));
      for (const id of [...cards.keys()]) if (!ids.has(id)) remove(id);
      verifications.clear();
      for (const verification of known) verifications.set(verification.id, verification);
      for (const card of cards.values()) refresh(card);
      for (const item of items) add(item);
      showWhetherEmpty();
    },
    add,
    update(verification) {
      verifications.set(verification.id, verification);
      for (const card of cards.values()) if (card.verificationId === verification.id) refresh(card);
    },
    clear() {
      for (const id of [...cards.keys()]) remove(id);
      showWhetherEmpty();
    },
  };
}
