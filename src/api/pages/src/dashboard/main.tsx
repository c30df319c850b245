// The dashboard: all that the REST interface offers for instances, for who has the account token.
import { render, type JSX } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import '../shared/base.css';
import './dashboard.css';
import { call as callOnce, root, type Problem } from '../shared/api';
import { follow } from '../shared/stream';
import { useText } from '../shared/i18n';
import { Field, Localized, Spinner } from '../shared/ui';
import { InstancePage } from './instance';
import { InstanceList, type Filter } from './list';
import { ServiceContext, callWith, type Instance, type Service } from './model';
import { ProblemNote } from './parts';
import { texts } from './texts';

const kept = 'ponte-token';
const slowly = 30_000;
const quickly = 4_000;

/** The name behind `#/instance/`. */
function useRoute(): string | null {
  const read = (): string | null => /^#\/instance\/([A-Za-z0-9_-]+)$/.exec(location.hash)?.[1] ?? null;
  const [name, setName] = useState(read);
  useEffect(() => {
    const onChange = (): void => {
      setName(read());
      scrollTo(0, 0);
    };
    addEventListener('hashchange', onChange);
    return () => removeEventListener('hashchange', onChange);
  }, []);
  return name;
}

/** The instances, kept current: told by the service's stream of states, or asked for where there is none. */
function useInstances(service: Service): { instances: Instance[] | null; live: boolean; problem: Problem | null; refresh: () => Promise<void> } {
  const [instances, setInstances] = useState<Instance[] | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [live, setLive] = useState(false);
  const asking = useRef<Promise<void> | null>(null);
  const wanted = useRef(false);

  const read = async (): Promise<void> => {
    do {
      wanted.current = false;
      const answer = await service.call<{ instances: Instance[] }>('GET', 'api/instance/list');
      if (answer.ok) setInstances(answer.body.instances.sort((a, b) => a.name.localeCompare(b.name)));
      setProblem(answer.ok ? null : answer.problem);
    } while (wanted.current);
    asking.current = null;
  };
  // What changes while the list is on its way needs another one; many changes need one.
  const refresh = (): Promise<void> => {
    wanted.current = true;
    return (asking.current ??= read());
  };
  useEffect(() => {
    void refresh();
    return follow(service.token, 'v1/events', {
      onLive: (open) => {
        setLive(open);
        if (open) void refresh();
      },
      onRefused: () => setLive(false),
      onEvent: () => void refresh(),
    });
  }, [service.token]);
  useEffect(() => {
    const timer = setInterval(() => document.visibilityState === 'visible' && void refresh(), live ? slowly : quickly);
    return () => clearInterval(timer);
  }, [live, service.token]);
  return { instances, live, problem, refresh };
}

function Dashboard({ token, leave }: { token: string; leave: (refused: boolean) => void }) {
  const { say } = useText();
  const name = useRoute();
  const [filter, setFilter] = useState<Filter>({ search: '', state: '' });
  const bare = useMemo<Service>(() => ({ token, call: callWith(token, () => leave(true)), refresh: async () => {} }), [token]);
  const { instances, live, problem, refresh } = useInstances(bare);
  const service = { ...bare, refresh };
  const chosen = instances?.find((each) => each.name === name);
  useEffect(() => {
    document.title = name ? `${name} · ${say(texts.title)}` : say(texts.title);
  }, [name]);
  // An instance token sees its own instance only, without its token.
  const isAccount = instances !== null && instances.every((each) => each.token !== undefined);
  return (
    <ServiceContext.Provider value={service}>
      {!instances && !problem && <div class="said nothing"><Spinner /><p>{say(texts.loading)}</p></div>}
      <ProblemNote problem={problem} />
      {instances && (name
        ? chosen ? <InstancePage key={chosen.id} instance={chosen} /> : <div class="said nothing"><p>{say(texts.gone)}</p><a class="quiet" href="#/">{say(texts.back)}</a></div>
        : <InstanceList instances={instances} mayCreate={isAccount} filter={filter} setFilter={setFilter} />)}
      <footer class="hint">
        <span class={live ? 'badge connected' : 'badge'}><span class="dot" aria-hidden="true" />{say(live ? texts.live : texts.polling)}</span>
        <a href={`${root}docs`}>{say(texts.apiPage)}</a>
      </footer>
    </ServiceContext.Provider>
  );
}

function TokenForm({ refused, open }: { refused: boolean; open: (token: string) => void }) {
  const { say } = useText();
  const [token, setToken] = useState('');
  const [problem, setProblem] = useState<Problem | null>(null);
  const [wrong, setWrong] = useState(refused);
  const [busy, setBusy] = useState(false);
  const onSubmit = async (event: Event): Promise<void> => {
    event.preventDefault();
    const given = token.trim();
    // A header takes no others.
    if (!/^[\x21-\x7e]+$/.test(given)) return setWrong(true);
    setBusy(true);
    const answer = await callOnce(given, 'GET', 'api/instance/list');
    setBusy(false);
    if (answer.ok) return open(given);
    setWrong(answer.problem.status === 401);
    setProblem(answer.problem.status === 401 ? null : answer.problem);
  };
  return (
    <form class="card door" onSubmit={onSubmit}>
      <h1>{say(texts.tokenTitle)}</h1>
      <p class="hint">{say(texts.tokenWords)}</p>
      <Field label={say(texts.token)} {...(wrong ? { problem: say(texts.tokenWrong) } : {})}>
        {(ids) => <input {...ids} type="password" autocomplete="off" spellcheck={false} required value={token} aria-invalid={wrong}
          onInput={(event) => (setToken(event.currentTarget.value), setWrong(false))} />}
      </Field>
      <ProblemNote problem={problem} />
      <button type="submit" class="main" disabled={busy}>{say(texts.open)}</button>
    </form>
  );
}

function Page({ chooser }: { chooser: JSX.Element }) {
  const { say } = useText();
  const [token, setToken] = useState(() => sessionStorage.getItem(kept));
  const [refused, setRefused] = useState(false);
  const open = (given: string): void => {
    sessionStorage.setItem(kept, given);
    setRefused(false);
    setToken(given);
  };
  const leave = (wasRefused: boolean): void => {
    sessionStorage.removeItem(kept);
    setRefused(wasRefused);
    setToken(null);
  };
  return (
    <>
      <header class="top">
        <a class="brand" href="#/">Ponte</a>
        <span class="row">{chooser}{token && <button type="button" class="plain" onClick={() => leave(false)}>{say(texts.leave)}</button>}</span>
      </header>
      <main>{token ? <Dashboard token={token} leave={leave} /> : <TokenForm key={String(refused)} refused={refused} open={open} />}</main>
    </>
  );
}

render(<Localized>{(chooser) => <Page chooser={chooser} />}</Localized>, document.getElementById('app')!);
