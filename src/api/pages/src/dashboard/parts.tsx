import type { ComponentChildren } from 'preact';
import { useCallback, useEffect, useState } from 'preact/hooks';
import { causeIs, explanationOf } from '../shared/causes';
import { useText, type Text } from '../shared/i18n';
import type { Answer, Problem } from '../shared/api';
import { texts } from './texts';
import type { Instance, State } from './model';

const stateTexts: Record<State, Text> = {
  connected: texts.connected,
  connecting: texts.connecting,
  disconnected: texts.disconnected,
  loggedout: texts.loggedout,
  passkey_required: texts.passkey,
};

export const states = Object.keys(stateTexts) as State[];
export const stateText = (state: State): Text => stateTexts[state] ?? texts.disconnected;

/** Words first: the dot's colour only repeats them. */
export function StateBadge({ state }: { state: State }) {
  const { say } = useText();
  return <span class={`badge ${state}`}><span class="dot" aria-hidden="true" />{say(stateText(state))}</span>;
}

/** Why an instance is not connected, and when it is tried again. */
export function ReasonLine({ reason }: { reason: NonNullable<Instance['reason']> }) {
  const { say, time } = useText();
  return (
    <span class="reason" title={reason.message}>
      {say(explanationOf(reason.code).title)} <code>{reason.code}</code>
      {reason.retryAt && ` ${say(texts.retryAt, time(reason.retryAt))}`}
    </span>
  );
}

const isAboutInput = ({ status }: Problem): boolean => [400, 403, 404, 409, 413].includes(status);

/** What a call did not do, in words; of bad input the service's own words, which name the field and its rule. */
export function ProblemNote({ problem }: { problem: Problem | null }) {
  const { say } = useText();
  if (!problem) return null;
  const words = isAboutInput(problem) ? [problem.message, problem.details].filter(Boolean).join(': ') : say(explanationOf(problem.code, problem.status).title);
  return <p class="wrong-banner" role="alert">{words} {problem.code && !isAboutInput(problem) && <small>{say(causeIs, problem.code)}</small>}</p>;
}

/** One action at a time: `run` keeps what came of it. */
export function useAction(): { busy: boolean; problem: Problem | null; run: <T>(action: () => Promise<Answer<T>>) => Promise<T | null> } {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const run = useCallback(async <T,>(action: () => Promise<Answer<T>>): Promise<T | null> => {
    setBusy(true);
    setProblem(null);
    const answer = await action();
    setBusy(false);
    if (answer.ok) return answer.body;
    setProblem(answer.problem);
    return null;
  }, []);
  return { busy, problem, run };
}

/** What a GET gives, read when the part is shown and by `again`. */
export function useRead<T>(read: () => Promise<Answer<T>>, of: unknown[]): { value: T | null; problem: Problem | null; again: () => Promise<void> } {
  const [value, setValue] = useState<T | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const again = useCallback(async () => {
    const answer = await read();
    if (answer.ok) setValue(answer.body);
    setProblem(answer.ok ? null : answer.problem);
  }, of);
  useEffect(() => void again(), of);
  return { value, problem, again };
}

export function Check({ label, checked, change }: { label: string; checked: boolean; change: (checked: boolean) => void }) {
  return <label class="check"><input type="checkbox" checked={checked} onChange={(event) => change(event.currentTarget.checked)} /><span>{label}</span></label>;
}

export function DialogButtons({ children, close }: { children: ComponentChildren; close: () => void }) {
  const { say } = useText();
  return <div class="row end"><button type="button" class="quiet" onClick={close}>{say(texts.cancel)}</button>{children}</div>;
}
