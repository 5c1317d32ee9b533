// The lie this prevents: a reference of an interface as it once was. A page kept by hand drifts from the routes that answer.
// It writes docs/rest.md from the OpenAPI document that the routes themselves are made with; what stands above the reference is in scripts/lib/api-intro.md.
// `--check` writes nothing and fails when the page is stale; test/docs does that.
// Seen to fail: with a summary changed, with an operation added, with a field without a description taken out.
import { readFileSync, writeFileSync } from 'node:fs';
import { readApiDocument } from './lib/api-document.js';

const page = new URL('../docs/rest.md', import.meta.url);
const intro = readFileSync(new URL('lib/api-intro.md', import.meta.url), 'utf8');
const document = await readApiDocument('https://verify.example.com');

const text = render();
if (!process.argv.includes('--check')) {
  writeFileSync(page, text);
  console.log(`docs-api: ${Object.keys(document.paths).length} paths written to docs/rest.md`);
} else if (readFileSync(page, 'utf8') !== text) {
  console.error('docs-api: docs/rest.md is stale; run `node scripts/docs-api.js`');
  process.exit(1);
} else {
  console.log('docs-api: docs/rest.md says what the routes do');
}

function render() {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), ...operation })),
  );
  const sections = document.tags.map(({ name, description }) => {
    const own = operations.filter(({ tags }) => tags.includes(name));
    return `## ${name}\n\n${description}\n\n${own.map(renderOperation).join('\n')}`;
  });
  const statuses = new Map(operations.flatMap(({ responses }) => Object.entries(responses).filter(([status]) => status >= 400)));
  const problems = [...statuses].sort(([one], [other]) => one - other).map(([status, { description }]) => [status, description]);
  const schemas = Object.entries(document.components.schemas).map(([name, schema]) => `### ${name}\n\n${renderSchema(schema)}`);
  return `${intro.trim()}\n\n## Statuses of problems\n\n${table(['status', 'what'], problems)}\n\n${sections.join('\n')}\n## Shapes\n\n${schemas.join('\n')}`;
}

function renderOperation({ path, method, summary, description, parameters = [], requestBody, responses }) {
  const body = requestBody?.content['application/json'];
  const answers = Object.entries(responses).filter(([status]) => status < 400);
  const problems = Object.entries(responses).filter(([status]) => status >= 400);
  const parts = [
    `### ${method} ${path}\n\n${summary}.${description === summary ? '' : ` ${description}`}`,
    parameters.length > 0 &&
      table(
        ['parameter', 'in', 'type', 'what'],
        parameters.map((each) => [mark(each), each.in, typeOf(each.schema), each.description ?? '']),
      ),
    body && `Body:\n\n${renderSchema(body.schema).trim()}`,
    body?.example && Object.keys(body.example).length > 0 && fence(body.example),
    table(['status', 'what', 'body'], answers.map(renderResponse)),
    `Problems: ${problems.map(([status]) => status).join(', ')}.`,
    ...answers.map(
      ([status, { content }]) => content?.['application/json']?.example && `${status}:\n\n${fence(content['application/json'].example)}`,
    ),
  ];
  return `${parts.filter(Boolean).join('\n\n')}\n`;
}

function mark({ name, required }) {
  return required ? `\`${name}\` (required)` : `\`${name}\``;
}

function renderResponse([status, { description, content = {} }]) {
  const [schema] = Object.values(content).map((each) => typeOf(each.schema));
  return [status, description, schema ?? ''];
}

function renderSchema(schema) {
  const { properties, required = [], anyOf, description } = schema;
  if (properties !== undefined && Object.keys(properties).length > 0) {
    const rows = Object.entries(properties).map(([name, each]) => [mark({ name, required: required.includes(name) }), typeOf(each), describe(each)]);
    return `${table(['field', 'type', 'what'], rows)}\n`;
  }
  if (anyOf !== undefined) return `One of:\n\n${anyOf.map((each) => `${renderSchema(each)}`).join('\n')}`;
  return `${description ?? 'Nothing has to be in it.'}\n`;
}

function describe({ description = '', pattern, minimum, maximum, minLength, maxLength }) {
  const ranges = [
    pattern && `\`${pattern}\``,
    minimum !== undefined && `from ${minimum}`,
    maximum !== undefined && `to ${maximum}`,
    minLength !== undefined && minLength > 1 && `at least ${minLength} characters`,
    maxLength !== undefined && `at most ${maxLength} characters`,
  ];
  return [description, ranges.filter(Boolean).join(', ')].filter(Boolean).join(' ');
}

function typeOf(schema) {
  if (schema.$ref !== undefined) return link(schema.$ref.split('/').at(-1));
  if (schema.anyOf !== undefined) return schema.anyOf.map(typeOf).join(' or ');
  if (schema.const !== undefined) return `\`${schema.const}\``;
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${value}\``).join(', ');
  if (schema.type === 'array') return `list of ${typeOf(schema.items)}`;
  return schema.type ?? 'anything';
}

function link(name) {
  return `[${name}](#${name.toLowerCase()})`;
}

function table(heads, rows) {
  const line = (cells) => `| ${cells.map((cell) => String(cell).replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(heads), `|${'---|'.repeat(heads.length)}`, ...rows.map(line)].join('\n');
}

function fence(value) {
  return `\`\`\`json\n${JSON.stringify(value, null, 2)}\n\`\`\``;
}
