import { useMemo, useState } from 'preact/hooks';
import { useText, type Translator } from '../shared/i18n';
import { CopyButton, Field } from '../shared/ui';
import { Countdown, Heading, MenuSteps } from './parts';
import { checkNumber, countryOf, international, likelyRegion, namedCountries, type Check } from './phone_number';
import { texts } from './texts';
import type { Timed } from './view';

/** What was entered; kept by the page, so that it is there again when a code has failed. */
export interface Entered {
  region: string;
  text: string;
}

export const nothingEntered = (): Entered => ({ region: likelyRegion(), text: '' });

function wordsOf(check: Check, code: string, { say }: Translator): string {
  switch (check.kind) {
    case 'empty': return say(texts.numberHint, `+${code}`);
    case 'letters': return say(texts.numberLetters);
    case 'short': return say(texts.numberShort, check.digits, check.possible);
    case 'long': return say(texts.numberLong, check.digits, check.possible);
    case 'good': return say(texts.numberGood, check.shown);
  }
}

export function NumberForm({ entered, enter, start }: { entered: Entered; enter: (entered: Entered) => void; start: (number: string) => void }) {
  const text = useText();
  const { say, tag } = text;
  const [asked, setAsked] = useState(false);
  const named = useMemo(() => namedCountries(tag), [tag]);
  const country = countryOf(entered.region);
  const check = checkNumber(entered.text, country);
  const wrong = check.kind === 'letters' || check.kind === 'long' || (asked && check.kind !== 'good');
  const words = asked && check.kind === 'empty' ? say(texts.numberEmpty) : wordsOf(check, country.code, text);
  const onInput = (value: string): void => {
    const found = international(value);
    enter(found && found.national.length > 3 ? { region: found.country.region, text: found.national } : { ...entered, text: value });
  };
  const onSubmit = (event: Event): void => {
    event.preventDefault();
    if (check.kind === 'good') return start(check.full);
    setAsked(true);
    (event.currentTarget as HTMLFormElement).querySelector('input')?.focus();
  };
  return (
    <form class="number" onSubmit={onSubmit} noValidate>
      <Heading>{say(texts.codeIdle)}</Heading>
      <p>{say(texts.codeIdleWords)}</p>
      <Field label={say(texts.country)}>
        {(ids) => (
          <select {...ids} value={entered.region} autocomplete="country" onChange={(event) => enter({ ...entered, region: event.currentTarget.value })}>
            {named.map(({ country: { region, code }, name }) => <option key={region} value={region}>{`${name} (+${code})`}</option>)}
          </select>
        )}
      </Field>
      <Field label={say(texts.number)} {...(wrong ? { problem: words } : { hint: words })}>
        {(ids) => (
          <span class={check.kind === 'good' ? 'with-code good' : 'with-code'}>
            <span aria-hidden="true">+{country.code}</span>
            <input {...ids} type="tel" inputMode="tel" autocomplete="tel-national" value={entered.text} aria-invalid={wrong}
              onInput={(event) => onInput(event.currentTarget.value)} maxLength={32} />
          </span>
        )}
      </Field>
      <button type="submit" class="main">{say(texts.getCode)}</button>
    </form>
  );
}

const minutes = (seconds: number): string => `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;

export function CodeShown({ code, timed, another }: { code: string; timed: Timed; another: () => void }) {
  const { say } = useText();
  return (
    <div class="side-by-side">
      <div class="code-side">
        <p class="pairing-code"><span class="away">{[...code.replace('-', '')].join(' ')}</span><span aria-hidden="true">{code}</span></p>
        <div class="row">
          <CopyButton text={code.replace('-', '')} label={say(texts.copyCode)} kind="main" />
          <button type="button" class="quiet" onClick={another}>{say(texts.otherNumber)}</button>
        </div>
        <Countdown timed={timed} text={(seconds) => say(texts.validFor, minutes(seconds))} over="…" />
      </div>
      <div>
        <Heading>{say(texts.yourCode)}</Heading>
        <MenuSteps><li>{say(texts.instead)}</li><li>{say(texts.typeCode)}</li></MenuSteps>
        <p class="hint">{say(texts.notice)}</p>
      </div>
    </div>
  );
}
