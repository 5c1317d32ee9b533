import type { PageLanguage } from './page-language.ts';

/**
 * The hosted page in Arabic (Modern Standard). A brand is never the subject of a verb, whose form would have to know its gender, and no argument has a prefix
 * written to it.
 */
export const AR: PageLanguage = {
  tag: 'ar',
  direction: 'rtl',
  numbers: 'ar-u-nu-latn',
  texts: {
    // Asking for a number or an address.
    'number.title': 'رقم هاتفك',
    'number.lead': 'سيصلك رمز من {brand} للتأكد من أن هذا الرقم لك.',
    'number.country': 'البلد',
    'number.label': 'رقم الهاتف',
    'number.example': 'مثال: {example}',
    'number.submit': 'إرسال الرمز',
    'number.use_email': 'استخدام بريد إلكتروني بدلًا من ذلك',
    'email.title': 'بريدك الإلكتروني',
    'email.lead': 'سيصلك رمز من {brand} للتأكد من أن هذا العنوان لك.',
    'email.label': 'البريد الإلكتروني',
    'email.submit': 'إرسال الرمز',
    'email.use_phone': 'استخدام رقم هاتف بدلًا من ذلك',
    // The caller has given it.
    'confirm.title': '{kind, select, email {تأكيد بريدك الإلكتروني} other {تأكيد رقم هاتفك}}',
    'confirm.lead': 'سيُرسَل رمز من {brand} إلى {to}.',
    'confirm.submit': 'إرسال الرمز',
    // How the code travels.
    'channel.legend': 'كيف تريد استلام الرمز؟',
    'channel.sms': 'رسالة نصية',
    'channel.call': 'مكالمة هاتفية',
    'channel.whatsapp': 'واتساب',
    'channel.email': 'بريد إلكتروني',
    // Typing the code.
    'code.title': 'أدخل الرمز',
    'code.lead':
      '{channel, select, call {ستصلك مكالمة على {to} تتضمن رمزًا من {digits, plural, zero {# رقم} one {رقم واحد} two {رقمين} few {# أرقام} many {# رقمًا} other {# رقم}}.} email {أرسلنا إلى {to} بريدًا إلكترونيًا يتضمن رمزًا من {digits, plural, zero {# رقم} one {رقم واحد} two {رقمين} few {# أرقام} many {# رقمًا} other {# رقم}}.} whatsapp {أرسلنا إلى {to} رسالة واتساب تتضمن رمزًا من {digits, plural, zero {# رقم} one {رقم واحد} two {رقمين} few {# أرقام} many {# رقمًا} other {# رقم}}.} other {أرسلنا إلى {to} رسالة نصية تتضمن رمزًا من {digits, plural, zero {# رقم} one {رقم واحد} two {رقمين} few {# أرقام} many {# رقمًا} other {# رقم}}.}}',
    'code.label': 'الرمز',
    'code.submit': 'تحقق',
    'code.notice': 'لا تشارك هذا الرمز مع أي شخص. لن يطلبه منك أحد من {brand} في مكالمة أو رسالة.',
    'resend.wait': 'يمكنك طلب الرمز مجددًا بعد {wait}.',
    'resend.ready': 'ألم يصلك الرمز؟',
    'resend.submit': '{channel, select, call {إعادة الاتصال} other {إعادة الإرسال}}',
    'resend.other':
      '{channel, select, call {الاتصال بي بدلًا من ذلك} email {إرسال بريد إلكتروني بدلًا من ذلك} whatsapp {استخدام واتساب بدلًا من ذلك} other {إرسال رسالة نصية بدلًا من ذلك}}',
    'change.submit': '{kind, select, email {استخدام عنوان آخر} other {استخدام رقم آخر}}',
    'cancel.submit': 'إلغاء',
    // What came of the last step.
    'said.wrong_code':
      'هذا الرمز غير صحيح. {attemptsLeft, plural, zero {لم تبقَ أي محاولة.} one {بقيت محاولة واحدة.} two {بقيت محاولتان.} few {بقيت # محاولات.} many {بقيت # محاولة.} other {بقيت # محاولة.}}',
    'said.code_length': 'يتكون الرمز من {digits, plural, zero {# رقم} one {رقم واحد} two {رقمين} few {# أرقام} many {# رقمًا} other {# رقم}}.',
    'said.sent': 'الرمز في طريقه إليك مجددًا. استخدم آخر رمز يصلك.',
    'said.in_progress': 'هناك رمز في طريقه إليك بالفعل.',
    'said.too_soon': 'لا يمكن إرسال رمز آخر إلى {kind, select, email {هذا العنوان} other {هذا الرقم}} الآن. انتظر قليلًا.',
    'said.budget_exhausted': 'أُرسلت رسائل كثيرة جدًا إلى {kind, select, email {هذا العنوان} other {هذا الرقم}}.',
    'said.guesses_exhausted': 'أُدخلت رموز خاطئة كثيرة جدًا {kind, select, email {لهذا العنوان} other {لهذا الرقم}}.',
    'said.guard_denied': 'لا يمكننا إرسال رمز إلى {kind, select, email {هذا العنوان} other {هذا الرقم}}.',
    'said.destination_blocked': '{kind, select, email {هذا العنوان} other {هذا الرقم}} محظور حاليًا. اطلب المساعدة من {brand}.',
    'said.number_invalid': 'لا يمكننا الوصول إلى رقم الهاتف هذا. تحقق من البلد ومن جميع الأرقام.',
    'said.email_invalid': 'عنوان البريد الإلكتروني هذا غير صالح. تحقق من كتابته.',
    'said.numbers_used_up': 'جرّبت عددًا كبيرًا جدًا من الأرقام أو العناوين. ابدأ من جديد من {brand}.',
    'said.not_delivered': 'تعذّر تسليم الرسالة. تحقق من {kind, select, email {العنوان} other {الرقم}} أو اختر طريقة أخرى.',
    'said.try_again': 'لم ينجح ذلك. حاول مجددًا بعد لحظات.',
    'said.form_stale': 'ظلت هذه الصفحة مفتوحة مدة طويلة. حاول مجددًا.',
    // How a verification ended.
    'ended.title': 'اطلب رمزًا جديدًا',
    'ended.expired': 'لم يعد الرمز صالحًا. اطلب رمزًا جديدًا.',
    'ended.max_attempts_reached': 'كانت هذه آخر محاولة بهذا الرمز. اطلب رمزًا جديدًا.',
    'ended.canceled': 'أُلغي هذا الرمز. اطلب رمزًا جديدًا.',
    'ended.failed': 'تعذّر تسليم الرسالة. حاول مجددًا.',
    'ended.already_approved': 'استُخدم هذا الرمز من قبل. اطلب رمزًا جديدًا.',
    'ended.wait': 'يمكنك طلب رمز جديد بعد {wait}.',
    'ended.submit': 'إرسال رمز جديد',
    'wait.again': 'حاول مجددًا بعد {wait}.',
    // How a visit ends.
    'done.title': 'تم التحقق',
    'done.lead': 'يمكنك إغلاق هذه الصفحة.',
    'canceled.title': 'تم الإلغاء',
    'canceled.lead': 'لم يتم التحقق من أي شيء. يمكنك إغلاق هذه الصفحة.',
    'late.title': 'استغرق ذلك وقتًا طويلًا',
    'late.lead': 'كان الرمز صحيحًا، لكن النتيجة لم تصل إلى {brand} في الوقت المناسب. ابدأ هناك من جديد.',
    'elsewhere.title': 'الرابط مفتوح في متصفح آخر',
    'elsewhere.lead': 'لا يعمل هذا الرابط إلا في المتصفح الذي فُتح فيه أول مرة. تابع هناك، أو ابدأ من جديد من {brand}.',
    'gone.title': 'لم يعد هذا الرابط يعمل',
    'gone.lead': 'كان صالحًا لفترة قصيرة فقط. عُد إلى حيث كنت وابدأ من جديد.',
    'cookies.title': 'تحتاج هذه الصفحة إلى ملف تعريف ارتباط',
    'cookies.lead': 'لا يقبل متصفحك هذه الملفات. اسمح بملفات تعريف الارتباط لهذه الصفحة وافتح الرابط مجددًا.',
    'trouble.title': 'حدث خلل ما',
    'trouble.lead': 'ليس الخطأ منك. حاول مجددًا بعد لحظات.',
    'trouble.submit': 'إعادة المحاولة',
    'quick.title': 'طلبات كثيرة جدًا',
    'quick.lead': 'حاول مجددًا بعد {wait}.',
    'back.link': 'العودة إلى {brand}',
    // Said by the script.
    'script.offline': 'لا يوجد اتصال. حاول مجددًا.',
    'script.sending': 'لحظة…',
    'script.paste':
      'لا يوجد رمز من {digits, plural, zero {# رقم} one {رقم واحد} two {رقمين} few {# أرقام} many {# رقمًا} other {# رقم}} في النص الملصق.',
  },
};
