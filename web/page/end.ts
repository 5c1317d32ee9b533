/** How a visit has ended, where its page stays: with the way back to an app. */
export interface End {
  readonly end: string;
  readonly title: string;
  readonly lead: string;
  /** The text of the way back. */
  readonly back: string;
}

/** Whether an answer says how the visit has ended. */
export function isEnd(answer: Partial<End>): answer is End {
  return answer.end !== undefined;
}

/** Puts the end of a visit in the place of the page, as the server writes it. */
export function showEnd({ end, title, lead, back }: End, address: string): void {
  const heading = document.querySelector('h1');
  if (heading === null) return;
  while (heading.nextSibling !== null) heading.nextSibling.remove();
  document.title = document.title.replace(heading.textContent, title);
  heading.textContent = title;
  const text = document.createElement('p');
  text.className = 'lead';
  text.dataset.end = end;
  text.append(lead);
  const link = document.createElement('a');
  link.href = address;
  link.append(back);
  const way = document.createElement('p');
  way.className = 'back';
  way.append(link);
  heading.after(text, way);
  // Whoever only listens has not seen the page change.
  heading.tabIndex = -1;
  heading.focus();
}
