import type { Access } from './news.ts';

/** One call, as the form makes it. */
export interface Call {
  readonly path: string;
  readonly body: Readonly<Record<string, string>>;
  /** The same to Twilio's clients, who know of no ids and no requesters; undefined where they have nothing like it. */
  readonly twilio?: { readonly resource: 'verifications' | 'verificationChecks'; readonly parameters: Readonly<Record<string, string>> } | undefined;
}

/** Where calls go. */
export interface Target {
  /** `http://127.0.0.1:8080` */
  readonly url: string;
  readonly access: Access;
}

/** The ways in which a call is shown, each ready to be run. */
export const LANGUAGES: Readonly<Record<string, (call: Call, target: Target) => string>> = {
  curl: ({ path, body }, { url, access }) =>
    `curl -s -u ${access.apiKey} ${quoteForShell(url + path)} \\
  -H 'content-type: application/json' \\
  -d ${quoteForShell(JSON.stringify(body))}`,

  Node: ({ path, body }, { url, access }) =>
    `// Save as call.mjs and run: node call.mjs
const response = await fetch(${quote(url + path)}, {
  method: 'POST',
  headers: {
    authorization: \`Basic \${btoa(${quote(access.apiKey)})}\`,
    'content-type': 'application/json',
  },
  body: JSON.stringify(${toLiteral(body)}),
});
console.log(response.status, await response.json());`,

  Python: ({ path, body }, { url, access }) =>
    `import base64, json, urllib.request

request = urllib.request.Request(
    ${JSON.stringify(url + path)},
    data=json.dumps(${JSON.stringify(body)}).encode(),
    headers={
        "Authorization": "Basic " + base64.b64encode(b${JSON.stringify(access.apiKey)}).decode(),
        "Content-Type": "application/json",
    },
)
with urllib.request.urlopen(request) as response:
    print(response.status, json.load(response))`,

  'Twilio SDK': ({ twilio: same }, { url, access: { twilio } }) => {
    if (same === undefined) return '// Twilio’s clients have no call for the hosted page.';
    const { resource, parameters } = same;
    const [id = '', secret = ''] = twilio.apiKey.split(':');
    return `// npm i twilio, save as call.mjs and run: node call.mjs
// A service of its own: a code that was sent through one is checked through the same.
import twilio from 'twilio';

const client = twilio(${quote(id.replace('SK', 'AC'))}, ${quote(secret)});
client.verify.baseUrl = ${quote(url)};
const service = client.verify.v2.services(${quote(twilio.serviceSid)});
const { status } = await service.${resource}.create(${toLiteral(parameters)});
console.log(status);`;
  },
};

function toLiteral(values: Readonly<Record<string, string>>): string {
  return `{ ${Object.entries(values)
    .map(([name, value]) => `${name}: ${quote(value)}`)
    .join(', ')} }`;
}

/** A literal of JavaScript in single quotes, where nothing has to be escaped, and else as JSON is. */
function quote(text: string): string {
  return /^[^'"\\\p{C}]*$/u.test(text) ? `'${text}'` : JSON.stringify(text);
}

function quoteForShell(text: string): string {
  return /^[\w:./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
