// /link/<token>: the owner of an account links it. Opening the page changes nothing; a button begins.
import { render } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import '../shared/base.css';
import './link.css';
import { useText, type Translator } from '../shared/i18n';
import { explanationOf } from '../shared/causes';
import { Localized, Mark, Tabs, plainText, webAddress } from '../shared/ui';
import { CodeShown, NumberForm, nothingEntered, type Entered } from './code_panel';
import { Failure, Heading, Waiting } from './parts';
import { PasskeyPanel } from './passkey_panel';
import { shownNumber } from './phone_number';
import { QrIdle, QrShown } from './qr_panel';
import { useSession, type Session } from './session';
import { texts } from './texts';
import type { Link, Method, Reason, View } from './view';

const token = decodeURIComponent(/\/link\/([^/]*)/.exec(location.pathname)?.[1] ?? '');

/** Who reads this on the phone that is to be linked cannot scan it. */
const onPhone = matchMedia('(pointer: coarse)').matches || /Android|iPhone|iPad|Mobile/i.test(navigator.userAgent);

/** Where the reason of a failure belongs: to one way of linking, or to whichever was tried. */
function wayOf({ code }: Reason): Method | null {
  if (code === 'QR_EXPIRED') return 'qr';
  return /^(PAIRING_(CODE_|BAD_|REFUSED|THROTTLED|UNAVAILABLE|UNANSWERED)|INVALID_NUMBER|SUPERSEDED)/.test(code) ? 'code' : null;
}

function Gone({ code }: { code: string }) {
  const { say } = useText();
  const [title, words] = {
    LINK_EXPIRED: [texts.goneExpired, texts.goneExpiredWords] as const,
    LINK_USED: [texts.goneUsed, texts.goneUsedWords] as const,
    LINK_INSTANCE_DELETED: [texts.goneDeleted, texts.goneDeletedWords] as const,
  }[code] ?? [texts.goneInvalid, texts.goneInvalidWords];
  return (
    <div class="said">
      <Mark icon="gone" />
      <Heading>{say(title)}</Heading>
      <p>{say(words)}</p>
    </div>
  );
}

function Done({ view, link }: { view: View; link: Link | null }) {
  const { say } = useText();
  const back = webAddress(link?.returnUrl);
  return (
    <div class="said done">
      <Mark icon="done" />
      <Heading>{say(texts.done)}</Heading>
      <p>{view.number ? say(texts.doneNumber, shownNumber(view.number)) : say(texts.doneAlready)}</p>
      {back && <a class="main" href={back.href} rel="noopener noreferrer">{say(texts.goBack, plainText(back.host, 60))}</a>}
    </div>
  );
}

/** QR code and pairing code, the one that suits the device first. */
function Ways({ session, view }: { session: Session; view: View }) {
  const { say } = useText();
  const [way, setWay] = useState<Method>(() => (view.code ? 'code' : view.qr ? 'qr' : onPhone ? 'code' : 'qr'));
  const [entered, setEntered] = useState<Entered>(nothingEntered);
  const [tried, setTried] = useState<Method | null>(null);
  const [editing, setEditing] = useState(false);
  const [dismissed, setDismissed] = useState<Reason | null>(null);
  const last = useRef('');

  const order: Method[] = onPhone ? ['code', 'qr'] : ['qr', 'code'];
  // Beside a QR code that goes on it is of a pairing code that came to nothing.
  const reason = session.problem ?? view.reason;
  const shownReason = reason && reason !== dismissed && (wayOf(reason) ?? tried ?? way) === way ? reason : null;

  const startQr = (): void => {
    setTried('qr');
    setWay('qr');
    session.start({ method: 'qr' });
  };
  const startCode = (number: string): void => {
    last.current = number;
    setTried('code');
    setEditing(false);
    session.start({ method: 'code', number });
  };
  const edit = (): void => {
    setDismissed(reason);
    setEditing(true);
  };

  const failure = (failed: Reason) => {
    const { remedy } = explanationOf(failed.code, failed.status);
    const again = failed.code === 'QR_EXPIRED' ? texts.showNewQr : failed.code === 'PAIRING_CODE_EXPIRED' ? texts.getNewCode : texts.tryAgain;
    const [label, act] = remedy === 'qr' ? [texts.useQr, startQr] as const
      : remedy === 'number' ? [texts.changeNumber, edit] as const
      : way === 'qr' ? [again, startQr] as const
      : last.current ? [again, () => startCode(last.current)] as const
      : [again, edit] as const;
    return <Failure reason={failed} action={<button type="button" class="main" onClick={act}>{say(label)}</button>} />;
  };
  const content = () => {
    if (way === 'qr' && view.qr) return <QrShown svg={view.qr.svg} timed={session.qrTime} />;
    if (way === 'code' && view.code && !editing) return <CodeShown code={view.code.value} timed={session.codeTime} another={edit} />;
    if (session.busy === way || (view.state === 'starting' && !session.busy && (tried ?? way) === way)) {
      return <Waiting title={say(texts.asking)} text={say(texts.askingWords)} />;
    }
    if (shownReason) return failure(shownReason);
    return way === 'qr' ? <QrIdle start={startQr} /> : <NumberForm entered={entered} enter={setEntered} start={startCode} />;
  };
  return (
    <Tabs label={say(texts.ways)} chosen={way} choose={(id) => setWay(id as Method)}
      tabs={order.map((id) => ({ id, label: say(id === 'qr' ? texts.qrTab : texts.codeTab) }))}>
      {content()}
    </Tabs>
  );
}

/** What is said aloud when it changes: the state, never the seconds. */
function announcement({ view, gone, busy, problem }: Session, { say }: Translator): string {
  if (gone || !view) return '';
  if (view.state === 'connected') return `${say(texts.done)}. ${view.number ? say(texts.doneNumber, shownNumber(view.number)) : say(texts.doneAlready)}`;
  if (view.state === 'linking') return say(texts.linking);
  if (view.state === 'passkey') return say(view.passkey?.stage === 'confirm' ? texts.compare : view.passkey?.stage === 'requested' ? texts.passkeyTitle : texts.passkeySubmitted);
  if (busy || view.state === 'starting') return say(texts.asking);
  const reason = problem ?? (view.state === 'code' ? null : view.reason);
  if (reason) return say(explanationOf(reason.code, reason.status).title);
  if (view.state === 'code' && view.code) return say(texts.codeSaid, [...view.code.value.replace('-', '')].join(' '));
  return view.qr ? say(texts.qrSaid) : '';
}

function Body({ session }: { session: Session }) {
  const { say } = useText();
  const { view, gone, unread } = session;
  if (gone) return <Gone code={gone} />;
  if (unread) return <Failure reason={unread} action={<button type="button" class="main" onClick={session.load}>{say(texts.tryAgain)}</button>} />;
  if (!view) return <Waiting title={say(texts.loading)} />;
  if (view.state === 'connected') return <Done view={view} link={session.link} />;
  if (view.state === 'linking') return <Waiting title={say(texts.linking)} text={say(texts.linkingWords)} />;
  if (view.state === 'passkey' && view.passkey) {
    return <PasskeyPanel passkey={view.passkey} onPhone={onPhone} submit={session.submitPasskey} confirm={session.confirmPasskey} />;
  }
  return <Ways session={session} view={view} />;
}

/** Where the focused control went away with its state, the focus goes on to the heading of what came. */
function useKeptFocus(state: string): void {
  const first = useRef(true);
  useEffect(() => {
    if (first.current) return void (first.current = false);
    const { activeElement } = document;
    if (activeElement === null || activeElement === document.body) document.querySelector<HTMLElement>('.state')?.focus();
  }, [state]);
}

function Page({ chooser }: { chooser: preact.JSX.Element }) {
  const text = useText();
  const { say, language } = text;
  const session = useSession(token);
  const { link, view, gone, busy } = session;
  useEffect(() => {
    document.title = say(texts.title);
  }, [language]);
  useKeptFocus(`${gone} ${view?.state} ${view?.passkey?.stage} ${busy} ${session.problem?.code}`);
  return (
    <>
      <header class="top">
        <span class="brand">Ponte</span>
        {chooser}
      </header>
      <main>
        <div class="intro">
          {link?.title && <p class="from" dir="auto"><bdi>{plainText(link.title, 80)}</bdi></p>}
          <h1>{say(texts.title)}</h1>
        </div>
        <p class="away" role="status" aria-live="polite">{announcement(session, text)}</p>
        {session.offline && <p class="banner" role="status">{say(texts.offline)}</p>}
        <section class="card" aria-busy={busy !== null}><Body session={session} /></section>
        {!gone && view?.state !== 'connected' && <p class="about">{say(texts.about)}</p>}
      </main>
    </>
  );
}

render(<Localized>{(chooser) => <Page chooser={chooser} />}</Localized>, document.getElementById('app')!);
