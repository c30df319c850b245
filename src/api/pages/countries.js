// The table of the country picker, as one line of text: made of libphonenumber's metadata when the pages are built.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Metadata } from 'libphonenumber-js/core';

const kinds = ['MOBILE', 'FIXED_LINE'];
/** Where the zero in front belongs to the number, also from abroad. */
const keepZero = ['IT', 'SM', 'VA'];

/** `BR55,0,10-11`: region, calling code, national prefix, possible lengths of a national number; the main region of a
    calling code has a `*` behind it. */
function rowOf(json, region) {
  const metadata = new Metadata(json);
  metadata.selectNumberingPlan(region);
  const plan = metadata.numberingPlan;
  const ofKinds = kinds.flatMap((kind) => plan.type(kind)?.possibleLengths() ?? []);
  const lengths = ofKinds.length > 0 ? ofKinds : plan.possibleLengths();
  const code = metadata.countryCallingCode();
  const main = json.country_calling_codes[code][0] === region ? '*' : '';
  const sorted = [...new Set(lengths)].sort((a, b) => a - b);
  return `${region}${code}${main},${keepZero.includes(region) ? '' : (plan.nationalPrefix() ?? '')},${sorted.join('-')}`;
}

/** `import table from 'virtual:countries'`. */
export function countries() {
  const id = '\0virtual:countries';
  return {
    name: 'countries',
    resolveId: (source) => (source === 'virtual:countries' ? id : undefined),
    load(asked) {
      if (asked !== id) return undefined;
      const file = createRequire(import.meta.url).resolve('libphonenumber-js/metadata.max.json');
      const json = JSON.parse(readFileSync(file, 'utf8'));
      const regions = Object.keys(json.countries).filter((region) => /^[A-Z]{2}$/.test(region)).sort();
      return `export default ${JSON.stringify(regions.map((region) => rowOf(json, region)).join(';'))};`;
    },
  };
}
