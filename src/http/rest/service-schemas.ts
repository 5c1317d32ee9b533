import { type TSchema, type TUnsafe, Type } from 'typebox';
import { CHANNELS } from '../../core/destination.ts';
import { MAX_LOGO_LENGTH } from '../../engine/page-settings.ts';
import type { ServiceFields } from '../../engine/service-settings.ts';

/** A service as operators write and read it. What its fields must be beside each other and beside the deployment the engine judges. */

const closed = { additionalProperties: false } as const;
const orNull = (schema: TSchema, description: string) => Type.Union([schema, Type.Null()], { description });
const color = (description: string) => Type.Optional(orNull(Type.String({ pattern: '^#[0-9A-Fa-f]{6}$' }), description));
const budget = () => Type.Optional(Type.Integer({ minimum: 1, maximum: 100 }));

const fields = {
  name: Type.String({ minLength: 1, maxLength: 64, description: 'For operators: no person sees it.' }),
  codeLength: Type.Integer({ minimum: 4, maximum: 10, description: 'Digits of a code.' }),
  lifeSeconds: Type.Integer({ minimum: 60, maximum: 600, description: 'How long a verification by phone lives.' }),
  emailLifeSeconds: Type.Integer({ minimum: 60, maximum: 86_400, description: 'The same for an email address.' }),
  ladderSeconds: Type.Array(Type.Integer({ minimum: 1, maximum: 2_592_000 }), {
    maxItems: 20,
    description: 'The waits between sends to one destination for one requester. It never shrinks; empty for no ladder.',
  }),
  sendSpacingSeconds: Type.Integer({ minimum: 1, maximum: 3_600, description: "Not less than the deployment's." }),
  resendPolicy: Type.Enum(['repeat', 'rotate'], {
    description: 'Whether a resend repeats the code until a wrong guess, or always carries a new one.',
  }),
  sharePending: Type.Boolean({ description: 'Whether starts without a requester share one pending verification.' }),
  purposes: orNull(Type.Array(Type.String({ pattern: '^[A-Za-z0-9_.-]{1,64}$' }), { minItems: 1, maxItems: 50 }), 'Null for any.'),
  origin: orNull(Type.String({ maxLength: 270 }), 'The https site that an SMS binds its code to; null for the deployment’s.'),
  template: orNull(Type.String({ maxLength: 1_600 }), 'The text, with `{code}` exactly once; null for the deployment’s.'),
  subject: orNull(Type.String({ maxLength: 200 }), 'The subject of an email; null for the deployment’s.'),
  allowedCountries: orNull(
    Type.Array(Type.String({ pattern: '^[A-Z]{2}$' }), { minItems: 1, maxItems: 250 }),
    'ISO 3166-1 alpha-2; null for the deployment’s.',
  ),
  channels: orNull(Type.Array(Type.Enum([...CHANNELS]), { minItems: 1, maxItems: CHANNELS.length }), 'Null for all that the deployment offers.'),
  budgets: Type.Object(
    { sendsPerHour: budget(), sendsPerDay: budget(), wrongPerHour: budget(), wrongPerDay: budget() },
    { ...closed, description: 'Budgets per destination, stricter than the deployment’s.' },
  ),
  checkByDestination: Type.Boolean({ description: 'Whether a check may name the destination in place of the id.' }),
  test: orNull(
    Type.Object(
      {
        numbers: Type.Array(Type.String({ pattern: '^\\+[1-9][0-9]{6,14}$' }), { minItems: 1, maxItems: 100 }),
        code: Type.String({ pattern: '^[0-9]{4,10}$' }),
        until: Type.String({ maxLength: 40, description: 'UTC, at most 90 days ahead.' }),
        acknowledged: Type.Optional(Type.Boolean({ description: 'Takes a key for all services: the numbers may be somebody’s.' })),
      },
      closed,
    ),
    'Numbers that get no message and whose code is fixed: +1 NPA 555-0100 to 555-0199, or any where `acknowledged`.',
  ),
  compatibility: orNull(
    Type.Enum(['twilio']),
    'Whose clients are to find what they know. Under `twilio`: 5 sends of a verification 10 s apart, no ladder, `sharePending`, checks by destination. Null for nobody’s.',
  ),
  ladderOnTop: Type.Boolean({ description: 'Whether `ladderSeconds` holds under `compatibility` as well.' }),
  psd2: Type.Boolean({ description: 'Whether a start through the compatible endpoint must bring an amount and a payee.' }),
  customCodes: Type.Boolean({
    description: 'Whether a start may bring a code of its own. Whoever begins with a code that they know gets a proof without asking anybody.',
  }),
  page: orNull(
    Type.Object(
      {
        brand: Type.String({ minLength: 1, maxLength: 64, description: 'The name that people know the service by.' }),
        returnUrls: Type.Array(Type.String({ maxLength: 512 }), {
          minItems: 1,
          maxItems: 20,
          description: 'Where a visit may end, compared as they are. The first is where a session goes that names none.',
        }),
        frameAncestors: Type.Optional(
          Type.Array(Type.String({ maxLength: 270 }), { maxItems: 20, description: 'Sites that may show the page in a frame. Default: none.' }),
        ),
        logo: Type.Optional(
          orNull(Type.String({ maxLength: MAX_LOGO_LENGTH }), 'A `data:` address of a PNG, JPEG, WebP or SVG in base64. Null for the name alone.'),
        ),
        accent: color('The colour of buttons by daylight, `#rrggbb`; null for ours.'),
        accentDark: color('The same in the dark; null for that of the day.'),
      },
      closed,
    ),
    'The hosted page: how it looks, where it leads, and who may show it. Null for none.',
  ),
} satisfies Record<keyof ServiceFields, TSchema>;

const { name, ...others } = fields;
const optional = Object.fromEntries(Object.entries(others).map(([field, schema]) => [field, Type.Optional(schema)]));

/** A new service: only its name must be given. */
export const NewService: TUnsafe<Partial<ServiceFields>> = Type.Unsafe<Partial<ServiceFields>>(Type.Object({ name, ...optional }, closed));

/** What shall be otherwise; what is not named stays. */
export const ServicePatch: TUnsafe<Partial<ServiceFields>> = Type.Unsafe<Partial<ServiceFields>>(
  Type.Object({ name: Type.Optional(name), ...optional }, closed),
);

const id = Type.String({ pattern: '^VA[0-9a-f]{32}$' });
const time = Type.String({ format: 'date-time' });

/** A service. */
export const ServiceShape: TSchema = Type.Object({ id, ...fields, createdAt: time, updatedAt: time }, { ...closed, $id: 'Service' });

/** One that reads well. */
export const EXAMPLE_SERVICE: object = {
  id: 'VA0123456789abcdef0123456789abcdef',
  name: 'Shop',
  codeLength: 6,
  lifeSeconds: 600,
  emailLifeSeconds: 600,
  ladderSeconds: [120, 300, 900, 86_400],
  sendSpacingSeconds: 30,
  resendPolicy: 'repeat',
  sharePending: false,
  purposes: ['login', 'signup'],
  origin: 'https://shop.example.com',
  template: null,
  subject: null,
  allowedCountries: ['DE', 'AT'],
  channels: null,
  budgets: { sendsPerDay: 5 },
  checkByDestination: false,
  test: null,
  compatibility: null,
  ladderOnTop: false,
  psd2: false,
  customCodes: false,
  page: null,
  createdAt: '2026-01-31T12:00:00.000Z',
  updatedAt: '2026-01-31T12:00:00.000Z',
};
