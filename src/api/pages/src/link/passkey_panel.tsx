import { useState } from 'preact/hooks';
import { explanationOf } from '../shared/causes';
import { useText, type Translator } from '../shared/i18n';
import type { Problem } from '../shared/api';
import { CopyButton, Field } from '../shared/ui';
import { Heading, Waiting } from './parts';
import { texts } from './texts';
import type { Passkey } from './view';

/** What is to be run in the console of a page of WhatsApp's. `copy` is the console's own, there only at first. */
export function commandOf(publicKey: unknown): string {
  return `(async put => {
  const options = PublicKeyCredential.parseRequestOptionsFromJSON(${JSON.stringify(publicKey)});
  const credential = await navigator.credentials.get({ publicKey: options });
  const result = JSON.stringify(credential.toJSON());
  console.log(result);
  put(result);
})(copy);`;
}

interface Props {
  passkey: Passkey;
  onPhone: boolean;
  /** Gives what went wrong. */
  submit: (assertion: unknown) => Promise<Problem | null>;
  confirm: () => Promise<Problem | null>;
}

function wordsOf({ code, status }: Problem, { say }: Translator): string {
  if (code === 'INVALID_ASSERTION' || status === 400) return say(texts.passkeyInvalid);
  const { title, words } = explanationOf(code, status);
  return `${say(title)}. ${say(words)}`;
}

export function PasskeyPanel({ passkey, onPhone, submit, confirm }: Props) {
  const text = useText();
  const { say } = text;
  const [busy, setBusy] = useState(false);
  const [wrong, setWrong] = useState('');
  if (passkey.stage === 'confirm' && passkey.code) {
    const onConfirm = async (): Promise<void> => {
      setBusy(true);
      const problem = await confirm();
      setBusy(false);
      setWrong(problem ? wordsOf(problem, text) : '');
    };
    return (
      <div class="said">
        <Heading>{say(texts.compare)}</Heading>
        <p>{say(texts.compareWords)}</p>
        <p class="pairing-code">{passkey.code}</p>
        <button type="button" class="main" disabled={busy} onClick={onConfirm}>{say(texts.same)}</button>
        {wrong && <p class="hint wrong" role="alert">{wrong}</p>}
        <p class="hint">{say(texts.compareOther)}</p>
      </div>
    );
  }
  if (passkey.stage === 'requested') return <Request passkey={passkey} onPhone={onPhone} submit={submit} />;
  return passkey.stage === 'confirmed'
    ? <Waiting title={say(texts.linking)} text={say(texts.linkingWords)} />
    : <Waiting title={say(texts.passkeySubmitted)} />;
}

function Request({ passkey, onPhone, submit }: Omit<Props, 'confirm'>) {
  const translator = useText();
  const { say, time } = translator;
  const [text, setText] = useState('');
  const [wrong, setWrong] = useState('');
  const [busy, setBusy] = useState(false);
  const command = commandOf(passkey.publicKey);
  const onSubmit = async (event: Event): Promise<void> => {
    event.preventDefault();
    const assertion = parsed(text);
    if (assertion === null) return setWrong(say(texts.passkeyNoJson));
    setWrong('');
    setBusy(true);
    const problem = await submit(assertion);
    setBusy(false);
    if (problem) setWrong(wordsOf(problem, translator));
  };
  return (
    <form class="passkey" onSubmit={onSubmit}>
      <Heading>{say(texts.passkeyTitle)}</Heading>
      <p>{say(texts.passkeyWhy)} {passkey.expiresAt && say(texts.passkeyUntil, time(passkey.expiresAt))}</p>
      {onPhone && <div class="note"><p>{say(texts.passkeyPhone)}</p><CopyButton text={location.href} /></div>}
      <ol class="steps">
        <li>{say(texts.passkeyStep1)}</li>
        <li>
          {say(texts.passkeyStep2)}
          <div class="row"><CopyButton text={command} label={say(texts.copyCommand)} /></div>
          <details>
            <summary>{say(texts.passkeyCommand)}</summary>
            <p class="hint">{say(texts.passkeyCommandWords)}</p>
            <pre tabIndex={0}><code>{command}</code></pre>
          </details>
        </li>
        <li>
          {say(texts.passkeyStep3)}
          <Field label={say(texts.passkeyResult)} {...(wrong ? { problem: wrong } : {})}>
            {(ids) => (
              <textarea {...ids} rows={3} spellcheck={false} autocomplete="off" value={text} aria-invalid={wrong !== ''}
                onInput={(event) => setText(event.currentTarget.value)} />
            )}
          </Field>
        </li>
      </ol>
      <button type="submit" class="main" disabled={busy}>{say(busy ? texts.passkeySending : texts.passkeySend)}</button>
    </form>
  );
}

function parsed(text: string): object | null {
  try {
    const value: unknown = JSON.parse(text.trim().replace(/^'|'$/g, ''));
    return value !== null && typeof value === 'object' && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}
