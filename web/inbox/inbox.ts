import '../code-input.ts';
import { createCaller } from './caller.ts';
import { connect } from './connection.ts';
import { find, setMarked, setText } from './dom.ts';
import { createItemList } from './item-list.ts';
import type { Item, News } from './news.ts';
import { createTryIt, readStart } from './try-it.ts';
import { createTryPage } from './try-page.ts';

const [main, connection, arrived] = [find('main'), find('#connection'), find('#arrived')];
const list = createItemList();
const caller = createCaller(readStart());
const tries = [createTryIt(caller), createTryPage(caller)];

find('#clear').addEventListener('click', () => {
  // The stream says what came of it, here and on other pages.
  fetch('/inbox/clear', { method: 'POST' }).catch(() => undefined);
  find('#start input').focus();
});

connect({
  heard,
  lost() {
    connection.dataset.state = 'lost';
    setMarked(connection, 'Not connected. This page goes on when `countersign dev` is back.');
  },
});

function heard(news: News): void {
  switch (news.type) {
    case 'hello':
      if (caller.open(news.access)) {
        for (const each of tries) each.reset();
        setText(arrived, '');
      }
      list.reset(news.items, news.verifications);
      connection.dataset.state = 'live';
      setText(connection, 'Live');
      main.hidden = false;
      return;
    case 'item':
      list.add(news.item);
      setText(arrived, announce(news.item));
      return;
    case 'verification':
      list.update(news.verification);
      return;
    case 'cleared':
      list.clear();
      setText(arrived, '');
  }
}

function announce(item: Item): string {
  return item.kind === 'message' ? `Message to ${item.to}: code ${item.code}` : `Not sent to ${item.to}: ${item.reason}`;
}
