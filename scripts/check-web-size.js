// The lie this prevents: "five kilobytes". Each feature costs a little, and nobody weighs the sum.
// It weighs what a visitor of a page downloads, gzipped, each file against its own limit, and the hosted page as a whole: its two files and the largest of
// its answers, which is the question for a number with every country, in the language that makes most of it.
// Seen to fail: with a limit of 3 kB, and with one of 8 kB for the hosted page.
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { PAGE_LANGUAGES } from '../dist/http/pages/hosted/page-languages.js';
import { createService } from '../dist/service/service.js';
import { createMemoryStore } from '../dist/stores/memory.js';

/** Bytes, gzipped. */
const LIMITS = { 'code-input.js': 5_000, 'countersign-code.js': 5_000, 'inbox/inbox.js': 10_000, 'inbox/inbox.css': 3_000 };

/** The hosted page in all: markup, style sheet and script. A logo is its service's own. */
const PAGE_LIMIT = 30_000;
const PAGE_FILES = ['page/page.js', 'page/page.css'];

const sizes = Object.entries(LIMITS).map(([file, limit]) => ({ file, limit, length: weigh(file) }));
const page = PAGE_FILES.map(weigh).reduce((sum, length) => sum + length, await weighLargestAnswer());
sizes.push({ file: 'the hosted page, with its largest answer,', limit: PAGE_LIMIT, length: page });
const tooLarge = sizes.filter(({ length, limit }) => length > limit);
for (const { file, length, limit } of tooLarge) console.error(`check-web-size: ${file} is ${length} bytes gzipped, and may be ${limit}`);
if (tooLarge.length > 0) process.exit(1);
console.log(`check-web-size: ${sizes.map(({ file, length, limit }) => `${file} ${length} of ${limit} bytes`).join(', ')}, gzipped`);

function weigh(file) {
  return gzipSync(readFileSync(new URL(`../dist/web/${file}`, import.meta.url)), { level: 9 }).length;
}

/** As the service sends it. */
async function weighLargestAnswer() {
  const settings = { secret: 'a secret of thirty-two bytes or more', logLevel: 'silent', publicUrl: 'http://127.0.0.1' };
  const sender = { name: 'none', channels: ['sms', 'call', 'whatsapp', 'email'], send: async () => ({ status: 'sent' }) };
  const service = await createService(settings, { senders: [sender], store: createMemoryStore(), hasMetricsListener: false });
  const { app, tenants } = service;
  const { id } = await tenants.createService({ name: 'shop', page: { brand: 'W'.repeat(64), returnUrls: ['https://shop.example/'] } });
  const { key, secret } = await tenants.createKey({ name: 'shop', service: id, scopes: ['start'] });
  const authorization = `Basic ${btoa(`${key.id}:${secret.reveal()}`)}`;
  const lengths = [];
  for (const { tag: locale } of PAGE_LANGUAGES) {
    const { url } = (await app.inject({ method: 'POST', url: '/v1/sessions', headers: { authorization }, payload: { locale } })).json();
    const answer = await app.inject({ url: new URL(url).pathname, headers: { 'accept-encoding': 'gzip' } });
    if (answer.statusCode !== 200 || answer.headers['content-encoding'] !== 'gzip') throw new Error(`the page answered ${answer.statusCode}`);
    lengths.push(answer.rawPayload.length);
  }
  await service.close();
  return Math.max(...lengths);
}
