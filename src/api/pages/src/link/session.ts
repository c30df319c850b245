// The link as the page knows it: read once, then followed; every call ends in a view or a reason.
import { useEffect, useRef, useState } from 'preact/hooks';
import { call, type Answer, type Problem } from '../shared/api';
import { follow } from '../shared/stream';
import type { Link, Method, Reason, Start, Timed, View } from './view';

/** The code that says for good why the link does not work, or null. */
function goneCode({ status, code }: Problem): string | null {
  if (status === 410) return code || 'LINK_EXPIRED';
  return status === 401 ? 'INVALID_TOKEN' : null;
}

export interface Session {
  link: Link | null;
  view: View | null;
  /** Why the link does not work any more, or never did. */
  gone: string | null;
  /** Why the page could not be filled; `load` tries again. */
  unread: Reason | null;
  offline: boolean;
  /** A start that is under way. */
  busy: Method | null;
  /** Why the last start failed. */
  problem: Reason | null;
  qrTime: Timed;
  codeTime: Timed;
  load: () => void;
  start: (start: Start) => void;
  submitPasskey: (assertion: unknown) => Promise<Problem | null>;
  confirmPasskey: () => Promise<Problem | null>;
}

interface Envelope {
  link?: Link;
  view: View;
}

/** How long the stream may take to show what a call has answered. */
const patience = 1500;

const nowhere: Timed = { deadline: 0, total: 0 };

export function useSession(token: string): Session {
  const [link, setLink] = useState<Link | null>(null);
  const [view, setView] = useState<View | null>(null);
  const [gone, setGone] = useState<string | null>(null);
  const [unread, setUnread] = useState<Reason | null>(null);
  const [offline, setOffline] = useState(false);
  const [busy, setBusy] = useState<Method | null>(null);
  const [problem, setProblem] = useState<Reason | null>(null);
  const [round, setRound] = useState(0);
  const qr = useTimed();
  const code = useTimed();
  const latest = useRef<View | null>(null);
  /** Views that the stream has brought; null while it brings none. */
  const heard = useRef<number | null>(null);

  const take = (next: View): void => {
    // A link that has just been spent says so to new callers: who saw the account linked is told no less.
    if (latest.current?.state === 'connected' && next.state !== 'connected') return;
    latest.current = next;
    if (next.qr) qr.show(next.qr.svg, next.qr.expiresIn);
    if (next.code) code.show(next.code.value, next.code.expiresIn);
    setView(next);
  };
  const end = (why: string): void => {
    const last = latest.current;
    // The stream broke while the device logged in, and the link was used up by that.
    if (last?.state === 'linking' && why === 'LINK_USED') take({ ...last, state: 'connected', reason: null });
    else if (last?.state !== 'connected') setGone(why);
  };
  /** Takes what an answer brings; gives why there was none. */
  const settle = (answer: Answer<Envelope>): Problem | null => {
    if (answer.ok) {
      if (answer.body.link) setLink(answer.body.link);
      take(answer.body.view);
      return null;
    }
    const why = goneCode(answer.problem);
    if (why) end(why);
    return answer.problem;
  };
  /** The same of a call that changes something. What the stream says meanwhile is newer than the answer, or the same. */
  const act = async (path: string, body?: unknown): Promise<Problem | null> => {
    const before = heard.current;
    const answer = await call<Envelope>(token, 'POST', path, body);
    if (!answer.ok || before === null) return settle(answer);
    if (heard.current === before) await new Promise((resolve) => setTimeout(resolve, patience));
    return heard.current === before || heard.current === null ? settle(answer) : null;
  };

  useEffect(() => {
    let stop = (): void => {};
    let left = false;
    setUnread(null);
    void call<Envelope>(token, 'GET', 'v1/link').then((answer) => {
      if (left) return;
      const failed = settle(answer);
      if (failed) return goneCode(failed) ? undefined : setUnread(reasonOf(failed));
      stop = follow(token, 'v1/link/events', {
        onEvent: ({ name, data }) => {
          if (name === 'view') {
            heard.current = (heard.current ?? 0) + 1;
            take(JSON.parse(data) as View);
          }
          if (name === 'gone') end((JSON.parse(data) as { code: string }).code);
        },
        onLive: (live) => {
          heard.current = live ? 0 : null;
          setOffline(!live && latest.current?.state !== 'connected');
        },
        onRefused: (refused) => {
          setOffline(false);
          end(goneCode(refused) ?? 'INVALID_TOKEN');
        },
      });
    });
    return () => {
      left = true;
      stop();
    };
  }, [token, round]);

  const start = async (asked: Start): Promise<void> => {
    setBusy(asked.method);
    setProblem(null);
    const failed = await act('v1/link/start', asked);
    if (failed && !goneCode(failed)) setProblem(reasonOf(failed));
    setBusy(null);
  };

  return {
    link, view, gone, unread, offline, busy, problem, qrTime: qr.timed, codeTime: code.timed,
    load: () => setRound(round + 1),
    start: (asked) => void start(asked),
    submitPasskey: (assertion) => act('v1/link/passkey', assertion),
    confirmPasskey: () => act('v1/link/passkey/confirm'),
  };
}

/** When what is shown runs out. The same thing told again keeps its ring: only the time left is corrected. */
function useTimed(): { timed: Timed; show: (what: string, expiresIn: number) => void } {
  const [timed, setTimed] = useState<Timed>(nowhere);
  const shown = useRef<{ what: string; total: number }>({ what: '', total: 0 });
  return {
    timed,
    show: (what, expiresIn) => {
      if (shown.current.what !== what) shown.current = { what, total: expiresIn };
      setTimed({ deadline: performance.now() + expiresIn * 1000, total: Math.max(shown.current.total, expiresIn) });
    },
  };
}

export function reasonOf({ status, code, message, retryAt }: Problem): Reason {
  return { code, message, status, ...(retryAt ? { retryAt } : {}) };
}

