/** Makes an element. What it holds is text or other elements, and never markup: messages are written by whoever sends them. */
export function make<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  properties: Partial<HTMLElementTagNameMap[Tag]>,
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

/** An element that the page has from the beginning. */
export function find<E extends HTMLElement = HTMLElement>(selector: string): E {
  const found = document.querySelector<E>(selector);
  if (found === null) throw new Error(`there is no ${selector} on the page`);
  return found;
}

/** Sets a text where it is another: what somebody has selected stays so. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** The same of a text with code between backticks; where it speaks of the answer, it leads there. */
export function setMarked(element: Element, text: string): void {
  if (element.textContent === text.replaceAll('`', '')) return;
  const parts = text.split(/(`[^`]+`|the answer)/).map((part) => {
    if (part === 'the answer') return make('a', { href: '#answer' }, part);
    return part.startsWith('`') ? make('code', {}, part.slice(1, -1)) : part;
  });
  element.replaceChildren(...parts);
}
