// Server-Sent Events over fetch(): EventSource cannot send a token.
import { problemOf, root, type Problem } from './api';

export interface StreamEvent {
  name: string;
  data: string;
  id: string;
}

export interface StreamHandlers {
  onEvent: (event: StreamEvent) => void;
  /** Whether events come at present. */
  onLive?: (live: boolean) => void;
  /** The service refuses it for good: nothing is tried again. */
  onRefused: (problem: Problem) => void;
}

/** A comment comes every 25 s: a stream that says nothing for longer is dead. */
const silence = 60_000;
const longestWait = 15_000;

/** Takes the text of a stream in pieces and gives its events. */
export function eventParser(onEvent: (event: StreamEvent) => void): (piece: string) => void {
  let rest = '';
  let name = '';
  let id = '';
  let data: string[] = [];
  const takeLine = (line: string): void => {
    if (line === '') {
      if (data.length > 0) onEvent({ name: name || 'message', data: data.join('\n'), id });
      name = '';
      data = [];
      return;
    }
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'event') name = value;
    if (field === 'data') data.push(value);
    if (field === 'id') id = value;
  };
  return (piece) => {
    const lines = (rest + piece).split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop()!;
    lines.forEach(takeLine);
  };
}

/** Follows `path` until the function it gives is called; what breaks is begun anew, after a while that grows. */
export function follow(token: string, path: string, handlers: StreamHandlers): () => void {
  const stop = new AbortController();
  let wait = 500;
  let wake = (): void => {};
  const wakeUp = (): void => {
    if (document.visibilityState === 'visible') wake();
  };
  document.addEventListener('visibilitychange', wakeUp);
  addEventListener('online', wakeUp);

  const pause = (): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, wait);
      wake = () => (clearTimeout(timer), resolve());
      wait = Math.min(wait * 2, longestWait);
    });

  const run = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      const end = await readOnce(token, path, stop.signal, (event) => handlers.onEvent(event), () => {
        wait = 500;
        handlers.onLive?.(true);
      });
      if (stop.signal.aborted) return;
      handlers.onLive?.(false);
      if (end && end.status >= 400 && end.status < 500 && end.status !== 408 && end.status !== 429) return handlers.onRefused(end);
      await pause();
    }
  };
  void run();
  return () => {
    stop.abort();
    wake();
    document.removeEventListener('visibilitychange', wakeUp);
    removeEventListener('online', wakeUp);
  };
}

/** One connection, to its end: the refusal, where there was one. */
async function readOnce(token: string, path: string, stop: AbortSignal, onEvent: (event: StreamEvent) => void,
                        onOpen: () => void): Promise<Problem | null> {
  const own = new AbortController();
  const end = (): void => own.abort();
  stop.addEventListener('abort', end);
  let watch = setTimeout(end, silence);
  try {
    const answer = await fetch(root + path, {
      headers: { Authorization: `Bearer ${token}`, Accept: 'text/event-stream' },
      cache: 'no-store',
      credentials: 'omit',
      signal: own.signal,
    });
    if (!answer.ok || !answer.body) return problemOf(answer.status, await answer.json().catch(() => ({})));
    onOpen();
    const take = eventParser(onEvent);
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return null;
      clearTimeout(watch);
      watch = setTimeout(end, silence);
      take(value);
    }
  } catch {
    return null;
  } finally {
    clearTimeout(watch);
    stop.removeEventListener('abort', end);
  }
}
