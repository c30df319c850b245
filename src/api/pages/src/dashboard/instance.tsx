// One instance: its state, what can be done with it, and its parts.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { useText } from '../shared/i18n';
import { CopyButton, Dialog, Field, Tabs } from '../shared/ui';
import { Events } from './events';
import { LinkDialog, Links } from './links';
import { numberOf, useService, type Instance } from './model';
import { DialogButtons, ProblemNote, ReasonLine, StateBadge, useAction } from './parts';
import { ProxyForm, SettingsForm } from './settings';
import { texts } from './texts';
import { Webhooks } from './webhooks';

type Open = 'link' | 'logout' | 'delete' | null;

const sections: Record<string, (props: { name: string }) => JSX.Element | null> = {
  events: Events, links: Links, settings: SettingsForm, proxy: ProxyForm, webhooks: Webhooks,
};

export function InstancePage({ instance }: { instance: Instance }) {
  const { say, time } = useText();
  const { call, refresh } = useService();
  const { busy, problem, run } = useAction();
  const [open, setOpen] = useState<Open>(null);
  const [section, setSection] = useState('events');
  const [said, setSaid] = useState('');
  const { name } = instance;
  const { state, since } = instance.connection;
  const Section = sections[section]!;

  const reconnect = async (): Promise<void> => {
    setSaid('');
    if (await run(() => call('POST', `api/instance/reconnect/${name}`))) setSaid(say(texts.reconnecting));
    await refresh();
  };
  const logOut = async (): Promise<void> => {
    setSaid('');
    const answer = await run(() => call<{ unlinked: boolean }>('DELETE', `api/instance/logout/${name}`));
    setOpen(null);
    if (answer) setSaid(say(answer.unlinked ? texts.loggedOutDone : texts.unconfirmed));
    await refresh();
  };
  return (
    <>
      <a class="back" href="#/">‹ {say(texts.back)}</a>
      <div class="title-row">
        <div>
          <h1>{name}</h1>
          <p class="facts"><StateBadge state={state} /> <span>{numberOf(instance) || say(texts.noNumber)}</span> <span class="hint">{say(texts.since, time(since))}</span>
            {instance.token && <CopyButton text={instance.token} label={say(texts.copyToken)} kind="plain" />}</p>
          {instance.reason && <ReasonLine reason={instance.reason} />}
        </div>
        <div class="row actions">
          <button type="button" class={state === 'connected' ? 'quiet' : 'main'} onClick={() => setOpen('link')}>{say(texts.link)}</button>
          <button type="button" class="quiet" disabled={busy} onClick={reconnect}>{say(texts.reconnect)}</button>
          <button type="button" class="quiet" onClick={() => setOpen('logout')}>{say(texts.logOut)}</button>
          {instance.token && <button type="button" class="danger" onClick={() => setOpen('delete')}>{say(texts.remove)}</button>}
        </div>
      </div>
      <p role="status" class={said ? 'banner' : 'away'}>{said}</p>
      <ProblemNote problem={problem} />
      <section class="card sections">
        <Tabs label={say(texts.sections)} chosen={section} choose={setSection}
          tabs={Object.keys(sections).map((id) => ({ id, label: say(texts[id as 'events']) }))}>
          <Section key={name} name={name} />
        </Tabs>
      </section>
      {open === 'link' && <LinkDialog name={name} close={() => setOpen(null)} />}
      {open === 'logout' && (
        <Dialog title={say(texts.logOutTitle, name)} close={() => setOpen(null)}>
          <p>{say(texts.logOutWords)}</p>
          <DialogButtons close={() => setOpen(null)}><button type="button" class="main alarm" disabled={busy} onClick={logOut}>{say(texts.logOut)}</button></DialogButtons>
        </Dialog>
      )}
      {open === 'delete' && <DeleteDialog name={name} close={() => setOpen(null)} />}
    </>
  );
}

function DeleteDialog({ name, close }: { name: string; close: () => void }) {
  const { say } = useText();
  const { call, refresh } = useService();
  const { busy, problem, run } = useAction();
  const [typed, setTyped] = useState('');
  const onSubmit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (typed !== name || !(await run(() => call('DELETE', `api/instance/delete/${name}`)))) return;
    location.hash = '#/';
    await refresh();
  };
  return (
    <Dialog title={say(texts.removeTitle, name)} close={close}>
      <form onSubmit={onSubmit}>
        <p>{say(texts.removeWords)}</p>
        <Field label={say(texts.removeType, name)}>
          {(ids) => <input {...ids} type="text" autocomplete="off" autocapitalize="off" spellcheck={false} value={typed} onInput={(event) => setTyped(event.currentTarget.value)} />}
        </Field>
        <ProblemNote problem={problem} />
        <DialogButtons close={close}><button type="submit" class="main alarm" disabled={busy || typed !== name}>{say(texts.remove)}</button></DialogButtons>
      </form>
    </Dialog>
  );
}
