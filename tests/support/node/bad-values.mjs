// What clients send by mistake or on purpose, made of the API description: for each field, query parameter and header.
const typeOf = (value) => {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return Number.isInteger(value) ? 'integer' : typeof value;
};

function resolve(schema, schemas) {
  return schema.$ref ? schemas[schema.$ref.split('/').pop()] : schema;
}

/** The properties of an object's schema, those of its parts among them. */
export function propertiesOf(schema, schemas) {
  const whole = resolve(schema, schemas);
  const parts = (whole.allOf ?? []).map((part) => propertiesOf(part, schemas));
  return Object.assign({}, ...parts, whole.properties);
}

const typesOf = ({ type, const: only }) => (type === undefined ? [typeOf(only)] : [type].flat());
const samples = [true, 7, 1.5, 'text', '', ['a'], [], { a: 1 }, {}];
const bytes = (...values) => Buffer.from(values);
const text = (inner) => Buffer.concat([bytes(0x22, 0x61), inner, bytes(0x22)]);

/**
 * What a field may be given: `value`, JSON text or bytes; or `twice`, or `beside`, another member. `refused`: it must be;
 * `named`: and the field's name said. Otherwise the description decides.
 */
export function badFields(schema) {
  const types = typesOf(schema);
  const fits = (type) => types.includes(type) || (type === 'integer' && types.includes('number'));
  const all = samples.filter((value) => !fits(typeOf(value)))
    .map((value) => ({ what: `of type ${typeOf(value)}`, value: JSON.stringify(value), refused: true, named: true }));
  all.push({ what: 'null', value: 'null' });
  if (types.includes('string') && schema.maxLength) {
    all.push({ what: 'too long', value: JSON.stringify('x'.repeat(schema.maxLength + 1)), refused: true, named: true });
  }
  if (types.includes('array')) {
    for (const items of [[7], [null], [['a']], ['nothing'], [''], Array(1000).fill('x')]) {
      all.push({ what: `items ${JSON.stringify(items).slice(0, 20)}`, value: JSON.stringify(items) });
    }
  }
  const numbers = ['9007199254740993', '-1', '18446744073709551616', '-9223372036854775809', '1e30'];
  all.push(...numbers.map((value) => ({ what: value, value, refused: !fits('integer') })));
  return [...all,
    { what: '1e400', value: '1e400', refused: true },
    { what: 'of 1 MiB', value: JSON.stringify('x'.repeat(2 ** 20)), refused: true },
    { what: 'with an unknown key beside it', beside: '"no-such-key":{"a":[null]}' },
    { what: 'twice', twice: true, refused: true, named: true },
    { what: '1,000 arrays deep', value: '['.repeat(1000) + ']'.repeat(1000), refused: true },
    { what: '1,000 objects deep', value: '{"a":'.repeat(1000) + '1' + '}'.repeat(1000), refused: true },
    { what: 'with bytes that are no UTF-8', value: text(bytes(0xff, 0xfe)), refused: true },
    { what: 'with an overlong sequence', value: text(bytes(0xc0, 0xaf)), refused: true },
    { what: 'with a surrogate in UTF-8', value: text(bytes(0xed, 0xa0, 0x80)), refused: true },
    { what: 'with half a surrogate pair', value: '"\\ud800"', refused: true },
    { what: 'with an encoded NUL', value: '"a\\u0000b"' },
    { what: 'with a NUL', value: text(bytes(0)), refused: true },
    { what: 'with a line break', value: text(bytes(0x0a)), refused: true },
  ];
}

/** The body in which `name` is that, and all else as in `good`. */
export function bodyWith(good, name, { value, beside, twice }) {
  const rest = Object.entries(good).filter(([key]) => key !== name).map(([key, each]) => `${JSON.stringify(key)}:${JSON.stringify(each)}`);
  const own = value ?? (name in good ? JSON.stringify(good[name]) : 'null');
  const member = [Buffer.from(`${JSON.stringify(name)}:`), Buffer.from(own)];
  const others = [...rest, ...(beside ? [beside] : []), ...(twice ? [`${JSON.stringify(name)}:${own}`] : [])];
  return Buffer.concat([Buffer.from('{'), ...member, Buffer.from(others.map((each) => `,${each}`).join('')), Buffer.from('}')]);
}

/** What stands behind the `?`, of a parameter of which `good` would do. `refused` and `named` as above. */
export function badQueries({ name, schema }, good) {
  const whole = [schema.type].flat().includes('integer');
  const [low, high] = [schema.minimum ?? -Infinity, schema.maximum ?? Infinity];
  const number = (value) => {
    const fits = /^\d+$/.test(value) && Number(value) >= low && Number(value) <= high;
    return { what: `"${value}"`, query: `${name}=${value}`, ...(whole && !fits ? { refused: true, named: true } : {}) };
  };
  const malformed = (value) => ({ what: `"${value.slice(0, 20)}"`, query: `${name}=${value}`, refused: true });
  const numbers = ['', '-1', '0', '1e3', '%2B1', '%201', '99999999999999999999999', '9007199254740993', '1e400', '0x1', '%D9%A5'];
  return [
    ...numbers.map(number),
    { what: 'without a value', query: name },
    { what: 'twice', query: `${name}=${good}&${name}=${good}` },
    { what: 'right, then wrong', query: `${name}=${good}&${name}=%ff` },
    { what: 'of 1,500 characters', query: `${name}=${'x'.repeat(1500)}`, ...(whole ? { refused: true, named: true } : {}) },
    { what: 'of 10,000 characters', query: `${name}=${'x'.repeat(10_000)}`, refused: true },
    { what: 'with bytes that are no UTF-8', query: `${name}=%ff%fe`, ...(whole ? { refused: true, named: true } : {}) },
    { what: 'with line breaks', query: `${name}=a%0d%0ab`, ...(whole ? { refused: true, named: true } : {}) },
    { what: 'with 1,000 commas', query: `${name}=${','.repeat(1000)}`, ...(whole ? { refused: true, named: true } : {}) },
    ...['%', '%4', '%zz', '%-1', '%00', '%u0041'].map(malformed),
  ];
}

export const headerNames = [
  'token', 'Authorization', 'X-Request-Id', 'Content-Type', 'Accept', 'Origin', 'Last-Event-ID', 'X-Forwarded-For', 'If-None-Match',
];

/** Header lines: pairs. A control character is no part of any (RFC 9110 5.5). */
export function badHeaders(name) {
  const line = (what, value, more = {}) => ({ what, headers: [[name, value]], ...more });
  const high = Buffer.from(Array.from({ length: 128 }, (_, i) => 128 + i));
  const controls = [0x01, 0x1f, 0x7f].map((code) => line(`with the control character ${code}`, bytes(0x61, code, 0x62), { refused: true }));
  return [
    line('empty', ''),
    line('blanks', ' \t '),
    { what: 'twice', headers: [[name, 'a'], [name, 'b']] },
    line('of 10,000 characters', 'x'.repeat(10_000)),
    line('with bytes from 0x80 on', high),
    line('with commas and quotes', '",";=,,"'),
    line('with a NUL', bytes(0x61, 0, 0x62), { refused: true }),
    line('with a bare CR', bytes(0x61, 0x0d, 0x62), { refused: true }),
    line('with a bare LF', bytes(0x61, 0x0a, 0x62), { refused: true }),
    { what: 'with a blank before its colon', headers: [[`${name} `, 'a']], refused: true },
    ...controls,
  ];
}
