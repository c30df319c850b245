import { useState } from 'preact/hooks';
import { useText } from '../shared/i18n';
import { Dialog, Field } from '../shared/ui';
import { numberOf, useService, type Instance, type State } from './model';
import { DialogButtons, ProblemNote, ReasonLine, StateBadge, states, stateText, useAction } from './parts';
import { texts } from './texts';

export const pathOf = (name: string): string => `#/instance/${name}`;

export interface Filter {
  search: string;
  state: State | '';
}

function matches({ search, state }: Filter, instance: Instance): boolean {
  const wanted = search.trim().toLowerCase();
  const digits = wanted.replace(/[^0-9]/g, '');
  const byNumber = digits !== '' && /^[+0-9 ()-]+$/.test(wanted) && numberOf(instance).includes(digits);
  return (state === '' || instance.connection.state === state) && (instance.name.toLowerCase().includes(wanted) || byNumber);
}

/** `filter` is kept by the page, so that it is there again when the reader comes back. */
export function InstanceList({ instances, mayCreate, filter, setFilter }:
    { instances: Instance[]; mayCreate: boolean; filter: Filter; setFilter: (filter: Filter) => void }) {
  const { say } = useText();
  const [creating, setCreating] = useState(false);
  const shown = instances.filter((instance) => matches(filter, instance));
  const create = mayCreate && <button type="button" class="main" onClick={() => setCreating(true)}>{say(texts.create)}</button>;
  return (
    <>
      <div class="title-row">
        <h1>{say(texts.instances)}</h1>
        {instances.length > 0 && create}
      </div>
      {instances.length > 0 ? (
        <>
          <div class="filters" role="search">
            <input type="search" aria-label={say(texts.search)} placeholder={say(texts.search)} value={filter.search}
              onInput={(event) => setFilter({ ...filter, search: event.currentTarget.value })} />
            <select aria-label={say(texts.state)} value={filter.state} onChange={(event) => setFilter({ ...filter, state: event.currentTarget.value as State | '' })}>
              <option value="">{say(texts.every)}</option>
              {states.map((state) => <option key={state} value={state}>{say(stateText(state))}</option>)}
            </select>
            <p class="hint" role="status">{say(texts.shown, shown.length, instances.length)}</p>
          </div>
          {shown.length === 0 && <p class="empty">{say(texts.noMatch)}</p>}
          <ul class="card rows instances">{shown.map((instance) => <Row key={instance.id} instance={instance} />)}</ul>
        </>
      ) : (
        <div class="card said nothing"><h2>{say(texts.none)}</h2><p class="hint">{say(texts.noneWords)}</p>{create}</div>
      )}
      {creating && <CreateDialog close={() => setCreating(false)} />}
    </>
  );
}

function Row({ instance }: { instance: Instance }) {
  const { say } = useText();
  return (
    <li>
      <a href={pathOf(instance.name)}>
        <span class="who"><span class="strong">{instance.name}</span><span class="hint">{numberOf(instance) || say(texts.noNumber)}</span></span>
        <span class="how"><StateBadge state={instance.connection.state} />{instance.reason && <ReasonLine reason={instance.reason} />}</span>
        <span class="more" aria-hidden="true">›</span>
      </a>
    </li>
  );
}

function CreateDialog({ close }: { close: () => void }) {
  const { say } = useText();
  const { call, refresh } = useService();
  const { busy, problem, run } = useAction();
  const [name, setName] = useState('');
  const wrong = name !== '' && !/^[A-Za-z0-9_-]{1,100}$/.test(name);
  const onSubmit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (wrong || name === '' || !(await run(() => call('POST', 'api/instance/new', { name })))) return;
    await refresh();
    close();
    location.hash = pathOf(name);
  };
  return (
    <Dialog title={say(texts.create)} close={close}>
      <form onSubmit={onSubmit}>
        <Field label={say(texts.name)} hint={say(texts.nameHint)} {...(wrong ? { problem: say(texts.nameWrong) } : {})}>
          {(ids) => <input {...ids} type="text" required autocomplete="off" autocapitalize="off" spellcheck={false} maxLength={100} value={name}
            aria-invalid={wrong} onInput={(event) => setName(event.currentTarget.value)} />}
        </Field>
        <ProblemNote problem={problem} />
        <DialogButtons close={close}><button type="submit" class="main" disabled={busy}>{say(texts.create)}</button></DialogButtons>
      </form>
    </Dialog>
  );
}
