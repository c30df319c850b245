// What happens to one instance, as it happens.
import { useEffect, useRef, useState } from 'preact/hooks';
import { useText } from '../shared/i18n';
import { plainText } from '../shared/ui';
import { follow } from '../shared/stream';
import { useService } from './model';
import { texts } from './texts';

interface Happening {
  id: string;
  name: string;
  at: string;
  summary: string;
  data: unknown;
}

const most = 200;

interface EventData {
  timestamp?: string;
  state?: string;
  status?: string;
  direction?: string;
  chat?: { name?: string; jid?: string };
  message?: { type?: string; text?: string };
}

/** A line about it; texts of messages come from anybody. */
function summaryOf({ state, status, direction, chat, message }: EventData): string {
  const parts = [state, status, direction, message?.type, chat?.name || chat?.jid, message?.text];
  return plainText(parts.filter(Boolean).join(' · '), 140);
}

export function Events({ name }: { name: string }) {
  const { say, tag } = useText();
  const { token } = useService();
  const [happenings, setHappenings] = useState<Happening[]>([]);
  const [live, setLive] = useState<boolean | null>(null);
  const [paused, setPaused] = useState(false);
  const held = useRef<Happening[]>([]);
  const isPaused = useRef(false);
  isPaused.current = paused;

  useEffect(() => {
    setHappenings([]);
    return follow(token, `v1/instances/${name}/events`, {
      onLive: setLive,
      onRefused: () => setLive(false),
      onEvent: ({ id, name: event, data: text }) => {
        const { data } = JSON.parse(text) as { data: EventData };
        held.current = [{ id, name: event, at: data.timestamp ?? new Date().toISOString(), summary: summaryOf(data), data }, ...held.current].slice(0, most);
        if (!isPaused.current) setHappenings(held.current);
      },
    });
  }, [name, token]);

  const clock = new Intl.DateTimeFormat(tag, { timeStyle: 'medium' });
  const clear = (): void => setHappenings((held.current = []));
  const pause = (): void => {
    if (paused) setHappenings(held.current);
    setPaused(!paused);
  };
  return (
    <>
      <div class="section-head">
        <p class="hint" role="status">{live === false ? say(texts.eventsOff) : live ? <span class="badge connected"><span class="dot" aria-hidden="true" />{say(texts.live)}</span> : ''}</p>
        <div class="row">
          <button type="button" class="quiet" aria-pressed={paused} onClick={pause}>{say(paused ? texts.goOn : texts.pause)}</button>
          <button type="button" class="quiet" onClick={clear}>{say(texts.clear)}</button>
        </div>
      </div>
      {happenings.length === 0 && <p class="empty">{say(texts.eventsNone)}</p>}
      <ol class="events">
        {happenings.map((happening) => (
          <li key={happening.id}>
            <details>
              <summary><time dateTime={happening.at}>{clock.format(new Date(happening.at))}</time> <span class="strong">{happening.name}</span> <bdi>{happening.summary}</bdi></summary>
              <pre tabIndex={0}>{JSON.stringify(happening.data, null, 2)}</pre>
            </details>
          </li>
        ))}
      </ol>
    </>
  );
}
