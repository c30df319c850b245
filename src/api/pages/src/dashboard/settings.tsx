import { useEffect, useState } from 'preact/hooks';
import { useText } from '../shared/i18n';
import { Field } from '../shared/ui';
import { explanationOf } from '../shared/causes';
import { useService, type Proxy, type Settings } from './model';
import { Check, ProblemNote, useAction, useRead } from './parts';
import { texts } from './texts';

const switches = ['keepOnlineStatus', 'autoReadMessages', 'ignoreGroupMessages', 'ignoreStatus', 'disableHistorySync', 'autoRejectCalls'] as const;

export function SettingsForm({ name }: { name: string }) {
  const { say } = useText();
  const { call } = useService();
  const read = useRead(() => call<{ settings: Settings }>('GET', `api/instance/getSettings/${name}`), [name]);
  const [settings, setSettings] = useState<Settings | null>(null);
  const [saved, setSaved] = useState(false);
  const { busy, problem, run } = useAction();
  useEffect(() => {
    if (read.value) setSettings(read.value.settings);
  }, [read.value]);
  if (!settings) return <ProblemNote problem={read.problem} />;
  const change = (part: Partial<Settings>): void => {
    setSaved(false);
    setSettings({ ...settings, ...part });
  };
  const onSubmit = async (event: Event): Promise<void> => {
    event.preventDefault();
    const answer = await run(() => call<{ settings: Settings }>('POST', `api/instance/settings/${name}`, settings));
    if (answer) setSettings(answer.settings);
    setSaved(answer !== null);
  };
  return (
    <form class="narrow" onSubmit={onSubmit}>
      {switches.map((key) => <Check key={key} label={say(texts[key])} checked={settings[key]} change={(checked) => change({ [key]: checked })} />)}
      {settings.autoRejectCalls && (
        <Field label={say(texts.callRejectMessage)}>
          {(ids) => <input {...ids} type="text" maxLength={4096} value={settings.callRejectMessage} onInput={(event) => change({ callRejectMessage: event.currentTarget.value })} />}
        </Field>
      )}
      <ProblemNote problem={problem} />
      <div class="row"><button type="submit" class="main" disabled={busy}>{say(texts.save)}</button><span role="status">{saved ? say(texts.saved) : ''}</span></div>
    </form>
  );
}

interface ProxyInput {
  enabled: boolean;
  protocol: string;
  host: string;
  port: string;
  username: string;
  password: string;
}

const inputOf = (proxy: Proxy): ProxyInput => ({
  enabled: proxy.enabled, protocol: proxy.protocol ?? 'http', host: proxy.host ?? '', port: proxy.port ?? '', username: proxy.username ?? '', password: '',
});

const bodyOf = ({ enabled, ...rest }: ProxyInput) =>
  enabled ? { enabled, ...Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== '')) } : { enabled };

export function ProxyForm({ name }: { name: string }) {
  const { say } = useText();
  const { call } = useService();
  const read = useRead(() => call<{ proxy: Proxy }>('GET', `api/instance/getProxy/${name}`), [name]);
  const [input, setInput] = useState<ProxyInput | null>(null);
  const [said, setSaid] = useState('');
  const saving = useAction();
  const testing = useAction();
  useEffect(() => {
    if (read.value) setInput(inputOf(read.value.proxy));
  }, [read.value]);
  if (!input) return <ProblemNote problem={read.problem} />;
  const change = (part: Partial<ProxyInput>): void => {
    setSaid('');
    setInput({ ...input, ...part });
  };
  const onSubmit = async (event: Event): Promise<void> => {
    event.preventDefault();
    setSaid('');
    const answer = await saving.run(() => call<{ proxy: Proxy }>('POST', `api/instance/proxy/${name}`, bodyOf(input)));
    if (answer) setSaid(say(texts.saved));
  };
  const test = async (): Promise<void> => {
    setSaid('');
    const answer = await testing.run(() => call<{ test: { milliseconds: number } }>('POST', `v1/instances/${name}/proxy/test`, bodyOf(input)));
    if (answer) setSaid(say(texts.proxyWorks, answer.test.milliseconds));
  };
  const text = (key: 'host' | 'port' | 'username', label: string, more: object = {}) => (
    <Field label={label}>
      {(ids) => <input {...ids} type="text" autocomplete="off" spellcheck={false} value={input[key]} {...more} onInput={(event) => change({ [key]: event.currentTarget.value })} />}
    </Field>
  );
  const failed = testing.problem;
  return (
    <form class="narrow" onSubmit={onSubmit} autocomplete="off">
      <Check label={say(texts.proxyUse)} checked={input.enabled} change={(enabled) => change({ enabled })} />
      {input.enabled && (
        <>
          <Field label={say(texts.protocol)}>
            {(ids) => (
              <select {...ids} value={input.protocol} onChange={(event) => change({ protocol: event.currentTarget.value })}>
                {['http', 'https', 'socks5'].map((value) => <option key={value} value={value}>{value}</option>)}
              </select>
            )}
          </Field>
          <div class="two wide-first">{text('host', say(texts.host))}{text('port', say(texts.port), { inputMode: 'numeric', maxLength: 5 })}</div>
          {text('username', say(texts.user))}
          <Field label={say(texts.password)} hint={say(texts.passwordHint)}>
            {(ids) => <input {...ids} type="password" autocomplete="new-password" value={input.password} onInput={(event) => change({ password: event.currentTarget.value })} />}
          </Field>
        </>
      )}
      <ProblemNote problem={saving.problem} />
      {failed && <ProblemNote problem={failed} />}
      {failed && failed.status >= 500 && <p class="hint">{say(explanationOf(failed.code, failed.status).words)}</p>}
      <div class="row">
        <button type="submit" class="main" disabled={saving.busy}>{say(texts.save)}</button>
        {input.enabled && <button type="button" class="quiet" disabled={testing.busy} onClick={test}>{say(testing.busy ? texts.testing : texts.test)}</button>}
        <span role="status">{said}</span>
      </div>
    </form>
  );
}
