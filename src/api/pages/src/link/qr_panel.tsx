import { useText } from '../shared/i18n';
import { Countdown, Heading, MenuSteps } from './parts';
import { texts } from './texts';
import type { Timed } from './view';

export function QrIdle({ start }: { start: () => void }) {
  const { say } = useText();
  return (
    <div class="said">
      <Heading>{say(texts.qrIdle)}</Heading>
      <p>{say(texts.qrIdleWords)}</p>
      <button type="button" class="main" onClick={start}>{say(texts.showQr)}</button>
    </div>
  );
}

/** The next code takes the place of this one: the picture changes, nothing around it moves. */
export function QrShown({ svg, timed }: { svg: string; timed: Timed }) {
  const { say } = useText();
  return (
    <div class="side-by-side">
      <div class="code-side">
        <img class="qr" alt={say(texts.qrAlt)} src={`data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`} width="296" height="296" />
        <Countdown timed={timed} text={(seconds) => say(texts.newCodeIn, seconds)} over={say(texts.newCodeNow)} />
      </div>
      <div>
        <Heading>{say(texts.scan)}</Heading>
        <MenuSteps><li>{say(texts.pointCamera)}</li></MenuSteps>
      </div>
    </div>
  );
}
