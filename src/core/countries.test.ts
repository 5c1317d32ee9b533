import fc from 'fast-check';
import { getCountries, getCountryCallingCode } from 'libphonenumber-js/max';
import { describe, expect, it } from 'vitest';
import { listCountries, suggestCountry } from './countries.ts';
import { parseTypedPhone } from './typed-number.ts';

describe('the countries of a picker', () => {
  it('are named in the language, with calling code and an example as written at home', () => {
    expect(listCountries('en', ['DE', 'US'])).toEqual([
      { country: 'DE', callingCode: '49', name: 'Germany', example: '01512 3456789' },
      { country: 'US', callingCode: '1', name: 'United States', example: '(201) 555-0123' },
    ]);
    expect(listCountries('fr', ['DE'])).toEqual([{ country: 'DE', callingCode: '49', name: 'Allemagne', example: '01512 3456789' }]);
    expect(listCountries('ar', ['EG'])[0]!.name).toBe('مصر');
  });

  it.each([
    ['en', ['Austria', 'Germany', 'Switzerland']],
    ['de', ['Deutschland', 'Österreich', 'Schweiz']],
    ['sv', ['Schweiz', 'Tyskland', 'Österrike']],
  ])('are in the order of the dictionary of %s', (language, names) => {
    expect(listCountries(language, ['CH', 'DE', 'AT']).map(({ name }) => name)).toEqual(names);
  });

  it('are all that have mobile numbers, each of them once', () => {
    const all = listCountries('en');
    expect(all.map(({ country }) => country).sort()).toEqual([...getCountries()].sort());
    for (const { country, callingCode, name } of all) {
      expect(callingCode).toBe(getCountryCallingCode(country as 'DE'));
      expect(name).not.toBe(country);
    }
    expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
  });

  it('have examples that are read beside them', () => {
    for (const { country, callingCode, example } of listCountries('en')) {
      expect(parseTypedPhone(example, country).reveal()).toMatch(new RegExp(`^\\+${callingCode}`));
    }
  });

  it.each([
    ['null', null, getCountries().length],
    ['nothing', undefined, getCountries().length],
    ['none', [], 0],
    ['what is no country', ['XX', 'toString', ''], 0],
    ['one twice and one that is none', ['DE', 'DE', 'XX'], 1],
  ])('are those allowed: %s', (_, allowed, count) => {
    expect(listCountries('en', allowed)).toHaveLength(count);
  });

  it.each(['', 'not a tag', 'en_US', 'x'.repeat(10_240), 'und', 'tlh', 'qaa-x-test', 'constructor'])('are in English for %j', (language) => {
    expect(listCountries(language)).toBe(listCountries('en'));
  });

  it('are made once for a language, whatever extensions it is asked for with', () => {
    const [country] = listCountries('de', ['DE']);
    expect(listCountries('de-u-co-phonebk', ['DE'])[0]).toBe(country);
    expect(listCountries('DE')).toBe(listCountries('de'));
  });

  it('are kept for the languages that were asked for last', () => {
    const [kept, dropped] = [listCountries('nl'), listCountries('it')];
    for (const language of ['da', 'fi', 'pl', 'cs', 'hu', 'ro', 'el']) {
      listCountries(language);
      expect(listCountries('nl')).toBe(kept);
    }
    expect(listCountries('it')).not.toBe(dropped);
    expect(listCountries('it')).toEqual(dropped);
  });

  it('cannot be changed by one of their readers', () => {
    expect(Object.isFrozen(listCountries('en'))).toBe(true);
    expect(listCountries('en').every(Object.isFrozen)).toBe(true);
  });

  it('are listed for any text', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: 'binary', maxLength: 40 }), fc.stringMatching(/^[a-z]{2,3}(-[A-Z]{2})?(-[a-z0-9]{5,8})?$/)),
        (language) => {
          expect(listCountries(language, ['DE'])).toHaveLength(1);
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe('the country that a picker begins with', () => {
  it.each([
    ['the browser’s region', 'AT', ['AT', 'DE'], 'AT'],
    ['the browser’s region of all', 'BR', null, 'BR'],
    ['the only one, without a region', undefined, ['DE'], 'DE'],
    ['the only one, where the region is another', 'FR', ['DE'], 'DE'],
    ['left to the person, where the region is not offered', 'FR', ['AT', 'DE'], undefined],
    ['left to the person, without a region', undefined, null, undefined],
    ['left to the person, where the region is of no country', '419', null, undefined],
    ['none where none is offered', 'DE', [], undefined],
  ])('is %s', (_, region, allowed, country) => {
    expect(suggestCountry({ region, countries: listCountries('en', allowed) })).toBe(country);
  });
});
