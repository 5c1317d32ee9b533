import type { Message } from '../sender.ts';
import type { Mailbox } from './settings.ts';

/** One email, as nodemailer takes it. */
export interface SmtpMail {
  readonly from: { readonly name: string; readonly address: string };
  readonly to: string;
  readonly envelope: { readonly from: string; readonly to: string[] };
  readonly subject: string;
  readonly text: string;
  readonly messageId: string;
  readonly headers: Record<string, string>;
  readonly disableFileAccess: true;
  readonly disableUrlAccess: true;
}

/** Where a subject would not do: lock screens and logs of mail servers show it. */
const DEFAULT_SUBJECT = 'Your verification code';

/** The email of a message: plain text, nothing to load, and nothing that asks to be answered. */
export function toMail({ to, subject = DEFAULT_SUBJECT, text, code, deliveryId }: Message, from: Mailbox): SmtpMail {
  const address = to.reveal();
  // Ensure that the code is in no header, and that no header begins in the subject (CWE-93).
  const line = subject.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').trim();
  return {
    from: { ...from },
    to: address,
    envelope: { from: from.address, to: [address] },
    subject: line === '' || line.includes(code.reveal()) ? DEFAULT_SUBJECT : line,
    text: text.reveal(),
    // One delivery is one message, whoever looks for it (RFC 5322 §3.6.4).
    messageId: `<${toMessageId(deliveryId, from)}>`,
    // Vacation messages and the like are not wanted as an answer (RFC 3834 §5).
    headers: { 'Auto-Submitted': 'auto-generated' },
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

/** Without its angle brackets. */
export function toMessageId(deliveryId: string, { address }: Mailbox): string {
  return `${deliveryId.replace(/[^A-Za-z0-9_-]/g, '')}@${address.slice(address.lastIndexOf('@') + 1)}`;
}
