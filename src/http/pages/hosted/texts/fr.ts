import type { PageLanguage } from './page-language.ts';

/** The hosted page in French. `\u00a0` keeps a question mark on the line of its word. */
export const FR: PageLanguage = {
  tag: 'fr',
  direction: 'ltr',
  texts: {
    // Asking for a number or an address.
    'number.title': 'Votre numéro de téléphone',
    'number.lead': '{brand} vous enverra un code pour vérifier que ce numéro est bien le vôtre.',
    'number.country': 'Pays',
    'number.label': 'Numéro de téléphone',
    'number.example': 'Par exemple {example}',
    'number.submit': 'Envoyer le code',
    'number.use_email': 'Utiliser plutôt une adresse e-mail',
    'email.title': 'Votre adresse e-mail',
    'email.lead': '{brand} vous enverra un code pour vérifier que cette adresse est bien la vôtre.',
    'email.label': 'Adresse e-mail',
    'email.submit': 'Envoyer le code',
    'email.use_phone': 'Utiliser plutôt un numéro de téléphone',
    // The caller has given it.
    'confirm.title': '{kind, select, email {Vérifiez votre adresse e-mail} other {Vérifiez votre numéro de téléphone}}',
    'confirm.lead': '{brand} enverra un code à {to}.',
    'confirm.submit': 'Envoyer le code',
    // How the code travels.
    'channel.legend': 'Comment souhaitez-vous recevoir le code\u00a0?',
    'channel.sms': 'SMS',
    'channel.call': 'Appel téléphonique',
    'channel.whatsapp': 'WhatsApp',
    'channel.email': 'E-mail',
    // Typing the code.
    'code.title': 'Saisissez le code',
    'code.lead':
      '{channel, select, call {Un appel au {to} vous donnera un code à {digits, plural, one {# chiffre} other {# chiffres}}.} email {Nous avons envoyé à {to} un e-mail contenant un code à {digits, plural, one {# chiffre} other {# chiffres}}.} whatsapp {Nous avons envoyé au {to} un message WhatsApp contenant un code à {digits, plural, one {# chiffre} other {# chiffres}}.} other {Nous avons envoyé au {to} un SMS contenant un code à {digits, plural, one {# chiffre} other {# chiffres}}.}}',
    'code.label': 'Code',
    'code.submit': 'Vérifier',
    'code.notice': 'Ne partagez ce code avec personne. {brand} ne vous le demandera jamais par téléphone ni par message.',
    'resend.wait': 'Vous pourrez redemander le code dans {wait}.',
    'resend.ready': 'Vous n’avez pas reçu le code\u00a0?',
    'resend.submit': '{channel, select, call {M’appeler à nouveau} other {Renvoyer le code}}',
    'resend.other':
      '{channel, select, call {Recevoir plutôt un appel} email {Recevoir plutôt un e-mail} whatsapp {Utiliser plutôt WhatsApp} other {Recevoir plutôt un SMS}}',
    'change.submit': '{kind, select, email {Utiliser une autre adresse} other {Utiliser un autre numéro}}',
    'cancel.submit': 'Annuler',
    // What came of the last step.
    'said.wrong_code': 'Ce n’est pas le bon code. {attemptsLeft, plural, one {Il vous reste # tentative.} other {Il vous reste # tentatives.}}',
    'said.code_length': 'Le code comporte {digits, plural, one {# chiffre} other {# chiffres}}.',
    'said.sent': 'Le code est de nouveau en route. Utilisez le dernier que vous recevrez.',
    'said.in_progress': 'Un code est déjà en route.',
    'said.too_soon': 'Il est trop tôt pour envoyer un autre code à {kind, select, email {cette adresse} other {ce numéro}}. Patientez un peu.',
    'said.budget_exhausted': 'Trop de messages ont été envoyés à {kind, select, email {cette adresse} other {ce numéro}}.',
    'said.guesses_exhausted': 'Trop de codes erronés ont été saisis pour {kind, select, email {cette adresse} other {ce numéro}}.',
    'said.guard_denied': 'Nous ne pouvons pas envoyer de code à {kind, select, email {cette adresse} other {ce numéro}}.',
    'said.destination_blocked':
      '{kind, select, email {Cette adresse est bloquée} other {Ce numéro est bloqué}} pour le moment. Demandez de l’aide à {brand}.',
    'said.number_invalid': 'Nous ne pouvons pas joindre ce numéro. Vérifiez le pays et chaque chiffre.',
    'said.email_invalid': 'Cette adresse e-mail n’est pas valide. Vérifiez son orthographe.',
    'said.numbers_used_up': 'Vous avez essayé trop de numéros ou d’adresses. Recommencez depuis {brand}.',
    'said.not_delivered':
      'Le message n’a pas pu être remis. Vérifiez {kind, select, email {l’adresse} other {le numéro}} ou choisissez un autre moyen.',
    'said.try_again': 'Cela n’a pas fonctionné. Réessayez dans un instant.',
    'said.form_stale': 'Cette page est restée ouverte trop longtemps. Réessayez.',
    // How a verification ended.
    'ended.title': 'Demandez un nouveau code',
    'ended.expired': 'Le code n’est plus valable. Demandez-en un nouveau.',
    'ended.max_attempts_reached': 'C’était la dernière tentative avec ce code. Demandez-en un nouveau.',
    'ended.canceled': 'Ce code a été annulé. Demandez-en un nouveau.',
    'ended.failed': 'Le message n’a pas pu être remis. Réessayez.',
    'ended.already_approved': 'Ce code a déjà été utilisé. Demandez-en un nouveau.',
    'ended.wait': 'Vous pourrez demander un nouveau code dans {wait}.',
    'ended.submit': 'Envoyer un nouveau code',
    'wait.again': 'Réessayez dans {wait}.',
    // How a visit ends.
    'done.title': 'Vérification réussie',
    'done.lead': 'Vous pouvez fermer cette page.',
    'canceled.title': 'Vérification annulée',
    'canceled.lead': 'Rien n’a été vérifié. Vous pouvez fermer cette page.',
    'late.title': 'Trop de temps s’est écoulé',
    'late.lead': 'Le code était bon, mais {brand} ne l’a pas su à temps. Retournez-y et recommencez.',
    'elsewhere.title': 'Déjà ouvert dans un autre navigateur',
    'elsewhere.lead':
      'Ce lien ne fonctionne que dans le navigateur où il a été ouvert en premier. Continuez dans celui-là, ou recommencez depuis {brand}.',
    'gone.title': 'Ce lien ne fonctionne plus',
    'gone.lead': 'Il n’était valable que peu de temps. Retournez à la page d’où vous venez et recommencez.',
    'cookies.title': 'Cette page a besoin d’un cookie',
    'cookies.lead': 'Votre navigateur n’en accepte aucun. Autorisez les cookies pour cette page, puis ouvrez de nouveau le lien.',
    'trouble.title': 'Quelque chose ne fonctionne pas',
    'trouble.lead': 'Vous n’y êtes pour rien. Réessayez dans un instant.',
    'trouble.submit': 'Réessayer',
    'quick.title': 'Trop de demandes',
    'quick.lead': 'Réessayez dans {wait}.',
    'back.link': 'Retour à {brand}',
    // Said by the script.
    'script.offline': 'Pas de connexion. Réessayez.',
    'script.sending': 'Un instant…',
    'script.paste': 'Le texte collé ne contient pas de code à {digits, plural, one {# chiffre} other {# chiffres}}.',
  },
};
