// Links: pages that the owner of an account links it with.
import { useRef, useState } from 'preact/hooks';
import { useText } from '../shared/i18n';
import { CopyButton, Dialog, Field, plainText, webAddress } from '../shared/ui';
import { useService, type LinkRow } from './model';
import { DialogButtons, ProblemNote, useAction, useRead } from './parts';
import { texts } from './texts';

const times = [[3600, texts.hour], [86_400, texts.day], [604_800, texts.week], [2_592_000, texts.month]] as const;

export function LinkDialog({ name, close }: { name: string; close: () => void }) {
  const { say } = useText();
  const { call } = useService();
  const { busy, problem, run } = useAction();
  const [url, setUrl] = useState('');
  const [title, setTitle] = useState('');
  const [returnUrl, setReturnUrl] = useState('');
  const [expiresIn, setExpiresIn] = useState(86_400);
  const [uses, setUses] = useState(1);
  const [checked, setChecked] = useState(false);
  const wrongReturn = checked && returnUrl !== '' && !webAddress(returnUrl);

  const onSubmit = async (event: Event): Promise<void> => {
    event.preventDefault();
    setChecked(true);
    if (returnUrl !== '' && !webAddress(returnUrl)) return;
    const body = { expiresIn, uses, ...(title.trim() ? { title: title.trim() } : {}), ...(returnUrl ? { returnUrl } : {}) };
    const made = await run(() => call<{ link: { url: string } }>('POST', `v1/instances/${name}/links`, body));
    if (made) setUrl(made.link.url);
  };
  if (url) return <Dialog title={say(texts.linkFor, name)} close={close}><LinkMade url={url} close={close} /></Dialog>;
  return (
    <Dialog title={say(texts.linkFor, name)} close={close}>
      <form onSubmit={onSubmit} noValidate>
        <Field label={say(texts.linkTitle)}>
          {(ids) => <input {...ids} type="text" maxLength={100} value={title} onInput={(event) => setTitle(event.currentTarget.value)} />}
        </Field>
        <div class="two">
          <Field label={say(texts.linkTime)}>
            {(ids) => (
              <select {...ids} value={expiresIn} onChange={(event) => setExpiresIn(Number(event.currentTarget.value))}>
                {times.map(([seconds, text]) => <option key={seconds} value={seconds}>{say(text)}</option>)}
              </select>
            )}
          </Field>
          <Field label={say(texts.linkUses)}>
            {(ids) => <input {...ids} type="number" min={1} max={100} value={uses} onInput={(event) => setUses(Number(event.currentTarget.value))} />}
          </Field>
        </div>
        <Field label={say(texts.linkReturn)} {...(wrongReturn ? { problem: say(texts.linkReturnWrong) } : {})}>
          {(ids) => <input {...ids} type="url" maxLength={2048} placeholder="https://" value={returnUrl} aria-invalid={wrongReturn}
            onInput={(event) => setReturnUrl(event.currentTarget.value)} />}
        </Field>
        <ProblemNote problem={problem} />
        <DialogButtons close={close}><button type="submit" class="main" disabled={busy}>{say(texts.makeLink)}</button></DialogButtons>
      </form>
    </Dialog>
  );
}

function LinkMade({ url, close }: { url: string; close: () => void }) {
  const { say } = useText();
  const shown = useRef<HTMLInputElement>(null);
  return (
    <>
      <p>{say(texts.linkMade)}</p>
      <Field label={say(texts.address)}>
        {(ids) => <input {...ids} ref={shown} type="text" readOnly value={url} onFocus={() => shown.current?.select()} />}
      </Field>
      <div class="row end">
        <button type="button" class="quiet" onClick={close}>{say(texts.close)}</button>
        <a class="quiet" href={webAddress(url)?.href} target="_blank" rel="noopener noreferrer">{say(texts.openLink)}</a>
        <CopyButton text={url} label={say(texts.copyLink)} kind="main" />
      </div>
    </>
  );
}

export function Links({ name }: { name: string }) {
  const { say, time } = useText();
  const { call } = useService();
  const path = `v1/instances/${name}/links`;
  const { value, problem, again } = useRead(() => call<{ links: LinkRow[] }>('GET', path), [name]);
  const revoking = useAction();
  const [open, setOpen] = useState(false);
  const words = { open: texts.linkOpen, used: texts.linkUsed, expired: texts.linkExpired };
  const revoke = async (id: string): Promise<void> => {
    await revoking.run(() => call('DELETE', `${path}/${id}`));
    await again();
  };
  return (
    <>
      <div class="section-head"><p class="hint">{say(texts.linksWords)}</p>
        <button type="button" class="main" onClick={() => setOpen(true)}>{say(texts.newLink)}</button></div>
      <ProblemNote problem={problem ?? revoking.problem} />
      {value?.links.length === 0 && <p class="empty">{say(texts.linksNone)}</p>}
      <ul class="rows">
        {value?.links.map((link) => {
          const title = link.title ? plainText(link.title, 80) : say(texts.untitled);
          return (
            <li key={link.id}>
              <div>
                <p class="strong"><bdi>{title}</bdi></p>
                <p class="hint">{say(words[link.state])} · {say(texts.linkUsage, link.used, link.uses)} · {say(texts.until, time(link.expiresAt))}</p>
              </div>
              <button type="button" class="danger" disabled={revoking.busy} aria-label={say(texts.revokeOf, title)} onClick={() => revoke(link.id)}>{say(texts.revoke)}</button>
            </li>
          );
        })}
      </ul>
      {open && <LinkDialog name={name} close={() => (setOpen(false), void again())} />}
    </>
  );
}
