// Countries, their calling codes, and whether a number can be one of theirs.
import table from 'virtual:countries';

export interface Country {
  region: string;
  code: string;
  prefix: string;
  lengths: number[];
  /** The one meant where several share a calling code. */
  main: boolean;
}

export const countries: Country[] = table.split(';').map((row) => {
  const [head, prefix, lengths] = row.split(',') as [string, string, string];
  return {
    region: head.slice(0, 2),
    code: head.slice(2).replace('*', ''),
    prefix,
    lengths: lengths.split('-').map(Number),
    main: head.endsWith('*'),
  };
});

export const countryOf = (region: string): Country =>
  countries.find((each) => each.region === region) ?? countries.find((each) => each.region === 'BR')!;

/** Where the reader probably is. */
export function likelyRegion(): string {
  for (const tag of navigator.languages ?? [navigator.language]) {
    try {
      const region = new Intl.Locale(tag).maximize().region;
      if (region && countries.some((each) => each.region === region)) return region;
    } catch {
      // A tag that is none: the next one.
    }
  }
  return 'BR';
}

/** Countries with their names in that language, as it sorts them. */
export function namedCountries(tag: string): { country: Country; name: string }[] {
  const names = new Intl.DisplayNames([tag], { type: 'region' });
  const order = new Intl.Collator(tag);
  return countries
    .map((country) => ({ country, name: names.of(country.region) ?? country.region }))
    .sort((a, b) => order.compare(a.name, b.name));
}

export type Check =
  | { kind: 'empty' | 'letters' }
  | { kind: 'short' | 'long'; digits: number; possible: string }
  | { kind: 'good'; full: string; shown: string };

/** A number that was written with its calling code: its country, and what is left. */
export function international(text: string): { country: Country; national: string } | null {
  const written = text.replace(/[\s().\-/]/g, '');
  const digits = /^(?:\+|00)(\d+)$/.exec(written)?.[1];
  if (!digits) return null;
  for (const length of [3, 2, 1]) {
    const sharing = countries.filter(({ code }) => code === digits.slice(0, length));
    const country = sharing.find(({ main }) => main) ?? sharing[0];
    if (country) return { country, national: digits.slice(length) };
  }
  return null;
}

/** The digits of a national number without the prefix that is dialled at home only: UK 07911 is 7911. */
function withoutPrefix(digits: string, { prefix, lengths }: Country): string {
  if (prefix === '' || !digits.startsWith(prefix)) return digits;
  const rest = digits.slice(prefix.length);
  return prefix === '0' || !lengths.includes(digits.length) ? rest : digits;
}

export function checkNumber(text: string, country: Country): Check {
  if (text.trim() === '') return { kind: 'empty' };
  const written = text.replace(/[\s().\-/+]/g, '');
  if (!/^\d+$/.test(written)) return { kind: 'letters' };
  const national = withoutPrefix(written, country);
  const { lengths } = country;
  const most = lengths[lengths.length - 1]!;
  if (national.length > most) return { kind: 'long', digits: national.length, possible: String(most) };
  if (!lengths.includes(national.length)) return { kind: 'short', digits: national.length, possible: lengths.length > 1 && lengths[0] !== most ? `${lengths[0]}–${most}` : String(most) };
  return { kind: 'good', full: country.code + national, shown: `+${country.code} ${national}` };
}

/** `+5511999999999` with a blank behind the calling code. */
export function shownNumber(full: string): string {
  const found = international(full.startsWith('+') ? full : `+${full}`);
  return found ? `+${found.country.code} ${found.national}` : full;
}
