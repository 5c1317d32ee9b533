import { HIDDEN_CHARACTER } from '../core/digits.ts';
import { isSafeOrigin } from '../core/loopback.ts';
import { describePatternFault, describeReturnUrlFault, isPlainHost } from '../core/return-url.ts';
import { type Check, type Fault, listOf, must, objectOf, orNull } from './faults.ts';

/** How the hosted page of a service looks, where it leads, and who may show it. */
export interface PageSettings {
  /** The name that people know the service by, 1–64 characters. */
  readonly brand: string;
  /** 1–20 addresses that a visit may end at, compared as they are; the first is where a session goes that names none. See {@link describeReturnUrlFault}. */
  readonly returnUrls: readonly string[];
  /** At most 20 sites that may show the page in a frame, such as `https://shop.example.com`. @defaultValue none */
  readonly frameAncestors: readonly string[];
  /** A picture as a `data:` address, PNG, JPEG, WebP or SVG in base64, at most {@link MAX_LOGO_LENGTH} characters. @defaultValue null, the brand's name */
  readonly logo: string | null;
  /** The colour of buttons by daylight, `#rrggbb`; what is written on them is black or white, whichever is read better. @defaultValue null, ours */
  readonly accent: string | null;
  /** The same in the dark. @defaultValue null, that of the day */
  readonly accentDark: string | null;
}

/** 9 kB of picture: settings have to fit into a request of 16 kB. */
export const MAX_LOGO_LENGTH = 12_300;

const MAX_RETURN_URLS = 20;
const MAX_FRAME_ANCESTORS = 20;

/** How the bytes of each kind of picture begin, in base64; a picture that is none would be a broken one on the page. SVG is text, and begins as it likes. */
const PICTURES: readonly RegExp[] = [
  /^data:image\/png;base64,iVBORw0KGgo/,
  /^data:image\/jpeg;base64,\/9j\//,
  /^data:image\/webp;base64,UklGR/,
  /^data:image\/svg\+xml;base64,/,
];

const color = orNull(must('must be a colour such as #1a73e8', (value) => typeof value === 'string' && /^#[\da-f]{6}$/i.test(value)));

const brandCheck: Check = must(
  'must be 1 to 64 visible characters, without space at either end',
  (value) => typeof value === 'string' && value.length >= 1 && value.length <= 64 && value.trim() === value && !HIDDEN_CHARACTER.test(value),
);

/** The check of {@link PageSettings}. */
export const pageCheck: Check = createPageCheck(brandCheck, (value) => describePatternFault(value) ?? describeReturnUrlFault(value));

/** The same for what was kept: which characters there are differs from one version of Node to the next. */
export const storedPageCheck: Check = createPageCheck(
  must('must be a text', (value) => typeof value === 'string'),
  describeReturnUrlFault,
);

function createPageCheck(brand: Check, describeUrlFault: typeof describeReturnUrlFault): Check {
  return objectOf<PageSettings>(
    {
      brand,
      returnUrls: eachOf('addresses', MAX_RETURN_URLS, describeUrlFault),
      frameAncestors: must(`must be a list of at most ${MAX_FRAME_ANCESTORS} different origins: https:// and a host`, isOriginList),
      logo: orNull(must(`must be a data: address of a PNG, JPEG, WebP or SVG in base64, at most ${MAX_LOGO_LENGTH} characters`, isLogo)),
      accent: color,
      accentDark: color,
    },
    ['frameAncestors', 'logo', 'accent', 'accentDark'],
  );
}

/** The settings as they are kept; they passed {@link pageCheck}. */
export function toPageSettings({ brand, returnUrls, frameAncestors, logo, accent, accentDark }: Partial<PageSettings>): PageSettings {
  return Object.freeze({
    brand: brand ?? '',
    returnUrls: Object.freeze([...(returnUrls ?? [])]),
    frameAncestors: Object.freeze((frameAncestors ?? []).map((origin) => new URL(origin).origin)),
    logo: logo ?? null,
    accent: accent ?? null,
    accentDark: accentDark ?? null,
  });
}

/** A list whose entries are each told what is wrong with them. */
function eachOf(what: string, max: number, describeFault: (value: unknown) => string | undefined): Check {
  const whole = listOf(what, max, () => true);
  return (value, field) => {
    const faults = whole(value, field);
    if (faults.length > 0) return faults;
    return (value as readonly unknown[]).flatMap((entry, at): Fault[] => {
      const problem = describeFault(entry);
      return problem === undefined ? [] : [{ field: `${field}.${at}`, problem }];
    });
  };
}

function isOriginList(value: unknown): boolean {
  if (!Array.isArray(value) || value.length > MAX_FRAME_ANCESTORS || ![...value].every(isSafeOrigin)) return false;
  const origins = value.map((origin: string) => new URL(origin));
  // By what is kept of each: two spellings of one origin would be read back as a list that is none of ours.
  return origins.every(({ hostname }) => isPlainHost(hostname)) && new Set(origins.map(({ origin }) => origin)).size === value.length;
}

function isLogo(value: unknown): boolean {
  if (typeof value !== 'string' || value.length > MAX_LOGO_LENGTH || !PICTURES.some((begins) => begins.test(value))) return false;
  // Ensure that nothing but base64 gets into an attribute of the page: all that stands behind the first comma.
  const bytes = value.slice(value.indexOf(',') + 1);
  return /^(?:[A-Za-z\d+/]{4})+(?:[A-Za-z\d+/]{2}==|[A-Za-z\d+/]{3}=)?$/.test(bytes);
}
