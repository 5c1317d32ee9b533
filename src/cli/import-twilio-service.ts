import type { Command } from 'commander';
import type { TwilioImportReport } from '../service/import-twilio-services.ts';
import type { OnExit } from './act.ts';
import { operate } from './operate.ts';

const HELP = `
The file is what Twilio answered to one of these, as it came:

  curl -u "$TWILIO_ACCOUNT_SID:$TWILIO_AUTH_TOKEN" 'https://verify.twilio.com/v2/Services?PageSize=1000' > services.json
  curl -u "$TWILIO_ACCOUNT_SID:$TWILIO_AUTH_TOKEN" https://verify.twilio.com/v2/Services/VA… > services.json

Sid, name, length of codes, PSD2 and custom codes are brought along; what else a service uses is named. A service that is there already stays as it is;
one that is there without \`compatibility: 'twilio'\` is a conflict, since Twilio's clients do not find it.
Verifications under way, rate limits, webhooks and templates are no part of the file and stay where they are.

Exit codes: 0 every service is there; 1 one is there that was not made for Twilio's clients, nothing was made; 2 the file is not
understood, nothing was made; 3 a setting or the store failed, and running it again goes on.`;

/** `countersign import twilio-service <file>` */
export function addImportTwilioServiceCommand(parent: Command, onExit: OnExit): void {
  parent
    .command('twilio-service')
    .description('services of Twilio Verify, under the sids they have there')
    .argument('<file>', 'what GET /v2/Services or GET /v2/Services/VA… answered')
    .option('--json', 'answer with one line of JSON')
    .addHelpText('after', HELP)
    .action(async (file: string, options: { readonly json?: boolean }) => {
      onExit(await operate(options, { ask: (operator) => operator.importTwilioServices(file), tell: describeReport }));
    });
}

function describeReport({ services, hasMore }: TwilioImportReport): string {
  return [
    ...services.flatMap(({ id, name, outcome, leftOut }) => [
      `${id}  ${name}: ${outcome === 'made' ? 'made' : 'is there already, and stays as it is'}`,
      ...leftOut.map((what) => `    not offered here: ${what}`),
    ]),
    ...(services.length === 0 ? ['There is no service in the file.'] : []),
    ...(hasMore ? ['There is another page: ask for `meta.next_page_url` as well, and import it too.'] : []),
  ].join('\n');
}
