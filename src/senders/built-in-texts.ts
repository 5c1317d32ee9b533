/** What a message says where nobody has set a text: a template as of `MessageTextOptions`, and the subject of an email. */
export interface BuiltInText {
  readonly template: string;
  readonly subject: string;
}

/** What is said where nobody has asked for a language: English. */
export const DEFAULT_TEXT: BuiltInText = {
  template: 'Your verification code is {code}. Never share it with anyone.',
  subject: 'Your verification code',
};

/**
 * By language (BCP 47, without a region). Each SMS fits into one segment with a code of ten digits: those in Latin script hold nothing outside the GSM 7-bit
 * alphabet, which has no `ó` (so the Spanish one says `clave`), and the Arabic one stays under the 70 units of UCS-2.
 */
export const BUILT_IN_TEXTS: ReadonlyMap<string, BuiltInText> = new Map([
  ['en', DEFAULT_TEXT],
  ['fr', { template: 'Votre code de vérification est {code}. Ne le communiquez à personne.', subject: 'Votre code de vérification' }],
  ['es', { template: 'Tu clave de un solo uso es {code}. No la compartas con nadie.', subject: 'Tu código de verificación' }],
  ['ar', { template: 'رمز التحقق الخاص بك هو {code}. لا تشاركه مع أي شخص.', subject: 'رمز التحقق الخاص بك' }],
]);
