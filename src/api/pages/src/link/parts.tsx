// What a state of linking looks like: a heading that takes the focus when it comes, words, and one action.
import type { ComponentChildren, JSX } from 'preact';
import { useText } from '../shared/i18n';
import { causeIs, explanationOf, tryFrom } from '../shared/causes';
import { Mark, Ring, Spinner, useSecondsLeft } from '../shared/ui';
import { texts } from './texts';
import type { Reason, Timed } from './view';

/** Marked for who moves the focus (main.tsx): what was in focus may be gone with the state before. */
export function Heading({ children }: { children: ComponentChildren }) {
  return <h2 class="state" tabIndex={-1}>{children}</h2>;
}

export function Waiting({ title, text }: { title: string; text?: string }) {
  return (
    <div class="said">
      <Spinner />
      <Heading>{title}</Heading>
      {text && <p>{text}</p>}
    </div>
  );
}

export function Failure({ reason, action }: { reason: Reason; action: JSX.Element }) {
  const { say, time } = useText();
  const { title, words, calm } = explanationOf(reason.code, reason.status);
  return (
    <div class={calm ? 'said calm' : 'said failure'}>
      <Mark icon={calm ? 'time' : 'wrong'} />
      <Heading>{say(title)}</Heading>
      <p>{say(words)}{reason.retryAt && !calm ? ` ${say(tryFrom, time(reason.retryAt))}` : ''}</p>
      {action}
      {!calm && reason.code && <p class="cause">{say(causeIs, reason.code)}</p>}
    </div>
  );
}

/** The way through WhatsApp's menus, on both kinds of phone. */
export function MenuSteps({ children }: { children: ComponentChildren }) {
  const { say } = useText();
  return (
    <ol class="steps">
      <li>{say(texts.openWhatsApp)}</li>
      <li>
        {say(texts.goTo)}
        <dl class="paths">
          <dt>{say(texts.android)}</dt><dd>{say(texts.androidPath)}</dd>
          <dt>{say(texts.iphone)}</dt><dd>{say(texts.iphonePath)}</dd>
        </dl>
      </li>
      {children}
    </ol>
  );
}

/** For the eye: screen readers are told once that it runs, not every second. */
export function Countdown({ timed, text, over }: { timed: Timed; text: (seconds: number) => string; over: string }) {
  const left = useSecondsLeft(timed.deadline);
  return (
    <p class="countdown" aria-hidden="true">
      <Ring left={left} total={timed.total} />
      <span>{left > 0 ? text(left) : over}</span>
    </p>
  );
}
