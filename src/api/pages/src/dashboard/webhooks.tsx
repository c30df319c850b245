import { useState } from 'preact/hooks';
import { useText } from '../shared/i18n';
import { CopyButton, Dialog, Field } from '../shared/ui';
import { eventNames, useService, type Attempt, type Webhook } from './model';
import { Check, DialogButtons, ProblemNote, useAction, useRead } from './parts';
import { texts } from './texts';

const blank = { label: '', enabled: true, url: '', authorization: null, byEvents: false, events: [] as string[] };

export function Webhooks({ name }: { name: string }) {
  const { say } = useText();
  const { call } = useService();
  const read = useRead(() => call<{ webhooks: Webhook[] }>('GET', `v1/instances/${name}/webhooks`), [name]);
  const [edited, setEdited] = useState<Partial<Webhook> | null>(null);
  return (
    <>
      <div class="section-head"><p class="hint">{say(texts.webhooksWords)}</p>
        <button type="button" class="main" onClick={() => setEdited(blank)}>{say(texts.addWebhook)}</button></div>
      <ProblemNote problem={read.problem} />
      {read.value?.webhooks.length === 0 && <p class="empty">{say(texts.webhooksNone)}</p>}
      <ul class="rows stacked">
        {read.value?.webhooks.map((webhook) => (
          <WebhookRow key={webhook.label} name={name} webhook={webhook} edit={() => setEdited(webhook)} changed={read.again} />
        ))}
      </ul>
      {edited && <WebhookDialog name={name} webhook={edited} close={() => (setEdited(null), void read.again())} />}
    </>
  );
}

function WebhookRow({ name, webhook, edit, changed }: { name: string; webhook: Webhook; edit: () => void; changed: () => Promise<void> }) {
  const { say } = useText();
  const { call } = useService();
  const { busy, problem, run } = useAction();
  const [said, setSaid] = useState('');
  const [removing, setRemoving] = useState(false);
  const [shown, setShown] = useState(0);
  const path = `v1/instances/${name}/webhooks`;
  const label = encodeURIComponent(webhook.label);
  const act = async (action: 'test' | 'redrive'): Promise<void> => {
    setSaid('');
    const answer = await run(() => call<{ delivered?: boolean; attempt?: Attempt }>('POST', `${path}/${action}`, { label: webhook.label }));
    const attempt = answer?.attempt;
    if (attempt) {
      setSaid(answer.delivered ? say(texts.testTaken, attempt.status ?? '', attempt.durationMs) : say(texts.testFailed, attempt.cause ?? attempt.status ?? ''));
    }
    setShown((count) => (count > 0 ? count + 1 : 0));
    await changed();
  };
  const remove = async (): Promise<void> => {
    const done = await run(() => call('DELETE', `${path}?label=${label}`));
    setRemoving(false);
    if (done) await changed();
  };
  return (
    <li>
      <div class="webhook-head">
        <div>
          <h2 class="small">{webhook.label} {!webhook.enabled && <span class="badge">{say(texts.off)}</span>}</h2>
          {webhook.url && <p class="address">{webhook.url}</p>}
          <p class="hint">{say(texts.figures, webhook.delivered, webhook.pending, webhook.deadLetters)}</p>
          {webhook.disabledReason && <p class="reason">{webhook.disabledReason}</p>}
        </div>
        <div class="row">
          <button type="button" class="quiet" disabled={busy} onClick={() => act('test')}>{say(texts.sendTest)}</button>
          {webhook.deadLetters > 0 && <button type="button" class="quiet" disabled={busy} onClick={() => act('redrive')}>{say(texts.redrive)}</button>}
          <button type="button" class="quiet" onClick={edit}>{say(texts.edit)}</button>
          <button type="button" class="danger" onClick={() => setRemoving(true)}>{say(texts.removeIt)}</button>
        </div>
      </div>
      <p role="status">{said}</p>
      <ProblemNote problem={problem} />
      <details onToggle={(event) => setShown((event.currentTarget as HTMLDetailsElement).open ? 1 : 0)}>
        <summary>{say(texts.attempts)}</summary>
        {shown > 0 && <Attempts key={shown} path={`${path}/attempts?label=${label}`} />}
      </details>
      {removing && (
        <Dialog title={say(texts.removeWebhook, webhook.label)} close={() => setRemoving(false)}>
          <p>{say(texts.removeWebhookWords)}</p>
          <DialogButtons close={() => setRemoving(false)}><button type="button" class="main alarm" disabled={busy} onClick={remove}>{say(texts.removeIt)}</button></DialogButtons>
        </Dialog>
      )}
    </li>
  );
}

function Attempts({ path }: { path: string }) {
  const { say, time } = useText();
  const { call } = useService();
  const { value, problem } = useRead(() => call<{ attempts: Attempt[] }>('GET', path), [path]);
  if (!value) return <ProblemNote problem={problem} />;
  if (value.attempts.length === 0) return <p class="hint">{say(texts.attemptsNone)}</p>;
  return (
    <div class="scroll" tabIndex={0}>
      <table>
        <caption class="away">{say(texts.attempts)}</caption>
        <thead><tr><th scope="col">{say(texts.when)}</th><th scope="col">{say(texts.event)}</th><th scope="col">{say(texts.outcome)}</th><th scope="col">{say(texts.took)}</th></tr></thead>
        <tbody>
          {value.attempts.map((attempt, index) => (
            <tr key={index}><td>{time(attempt.timestamp, 'medium')}</td><td>{attempt.event}</td>
              <td>{attempt.outcome} {attempt.status ?? attempt.cause ?? ''}</td><td>{attempt.durationMs} ms</td></tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function WebhookDialog({ name, webhook, close }: { name: string; webhook: Partial<Webhook>; close: () => void }) {
  const { say } = useText();
  const { call } = useService();
  const { busy, problem, run } = useAction();
  const isNew = webhook.label === '';
  const [input, setInput] = useState({ ...blank, ...webhook, label: webhook.label || 'default' });
  const [secret, setSecret] = useState('');
  const title = isNew ? say(texts.addWebhook) : say(texts.editWebhook, input.label);
  const change = (part: Partial<Webhook>): void => setInput({ ...input, ...part });
  const onSubmit = async (event: Event): Promise<void> => {
    event.preventDefault();
    const { label, enabled, url, authorization, byEvents, events } = input;
    const answer = await run(() => call<{ webhook: Webhook }>('POST', `api/events/webhook/${name}`,
      { label, enabled, url, byEvents, events, ...(authorization ? { authorization } : {}) }));
    if (answer?.webhook.secret) return setSecret(answer.webhook.secret);
    if (answer) close();
  };
  if (secret) {
    return (
      <Dialog title={title} close={close}>
        <p>{say(texts.secret)}</p>
        <pre tabIndex={0}>{secret}</pre>
        <div class="row end"><button type="button" class="quiet" onClick={close}>{say(texts.close)}</button><CopyButton text={secret} label={say(texts.copySecret)} kind="main" /></div>
      </Dialog>
    );
  }
  const toggled = (event: string, on: boolean): string[] => (on ? [...input.events, event] : input.events.filter((each) => each !== event));
  return (
    <Dialog title={title} close={close}>
      <form onSubmit={onSubmit}>
        {isNew && <Field label={say(texts.label)}>{(ids) => <input {...ids} type="text" required maxLength={100} value={input.label} onInput={(event) => change({ label: event.currentTarget.value })} />}</Field>}
        <Field label={say(texts.url)}>{(ids) => <input {...ids} type="url" required maxLength={2048} placeholder="https://" value={input.url} onInput={(event) => change({ url: event.currentTarget.value })} />}</Field>
        <Field label={say(texts.authorization)}>{(ids) => <input {...ids} type="text" autocomplete="off" value={input.authorization ?? ''} onInput={(event) => change({ authorization: event.currentTarget.value || null })} />}</Field>
        <fieldset><legend>{say(texts.whichEvents)}</legend>
          {eventNames.map((event) => <Check key={event} label={event} checked={input.events.includes(event)} change={(on) => change({ events: toggled(event, on) })} />)}
        </fieldset>
        <Check label={say(texts.byEvents)} checked={input.byEvents} change={(byEvents) => change({ byEvents })} />
        <Check label={say(texts.enabled)} checked={input.enabled} change={(enabled) => change({ enabled })} />
        <ProblemNote problem={problem} />
        <DialogButtons close={close}><button type="submit" class="main" disabled={busy}>{say(texts.save)}</button></DialogButtons>
      </form>
    </Dialog>
  );
}
