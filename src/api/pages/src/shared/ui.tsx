// Parts that both pages are made of.
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { LanguageContext, keepLanguage, languages, preferredLanguage, tagOf, useText, type Language, type Text } from './i18n';

const words = {
  language: ['Language', 'Idioma', 'Idioma'],
  copy: ['Copy', 'Copiar', 'Copiar'],
  copied: ['Copied', 'Copiado', 'Copiado'],
} satisfies Record<string, Text>;

/** Gives a page its language, and `lang` to the document. */
export function Localized({ children }: { children: (chooser: JSX.Element) => ComponentChildren }) {
  const [language, setLanguage] = useState<Language>(preferredLanguage);
  useEffect(() => {
    document.documentElement.lang = tagOf(language);
  }, [language]);
  const choose = (chosen: Language): void => {
    keepLanguage(chosen);
    setLanguage(chosen);
  };
  return (
    <LanguageContext.Provider value={language}>
      {children(<LanguageChooser language={language} choose={choose} />)}
    </LanguageContext.Provider>
  );
}

function LanguageChooser({ language, choose }: { language: Language; choose: (language: Language) => void }) {
  const { say } = useText();
  return (
    <select class="language" aria-label={say(words.language)} value={language}
      onChange={(event) => choose(event.currentTarget.value as Language)}>
      {Object.entries(languages).map(([value, name]) => <option key={value} value={value} lang={tagOf(value as Language)}>{name}</option>)}
    </select>
  );
}

export interface Tab {
  id: string;
  label: string;
}

/** Tabs as ARIA describes them: arrows move, Home and End jump, one of them is in the tab order. */
export function Tabs({ tabs, chosen, choose, label, children }:
    { tabs: Tab[]; chosen: string; choose: (id: string) => void; label: string; children: ComponentChildren }) {
  const prefix = useId();
  const list = useRef<HTMLDivElement>(null);
  const onKeyDown = (event: JSX.TargetedKeyboardEvent<HTMLDivElement>): void => {
    const at = tabs.findIndex(({ id }) => id === chosen);
    const next = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    const index = (next + tabs.length) % tabs.length;
    choose(tabs[index]!.id);
    (list.current?.children[index] as HTMLElement | undefined)?.focus();
  };
  return (
    <>
      <div class="tabs" role="tablist" aria-label={label} ref={list} onKeyDown={onKeyDown}>
        {tabs.map(({ id, label: name }) => (
          <button key={id} type="button" role="tab" id={`${prefix}-${id}`} aria-controls={`${prefix}-panel`}
            aria-selected={id === chosen} tabIndex={id === chosen ? 0 : -1} onClick={() => choose(id)}>{name}</button>
        ))}
      </div>
      <div class="panel" role="tabpanel" id={`${prefix}-panel`} aria-labelledby={`${prefix}-${chosen}`} tabIndex={-1}>{children}</div>
    </>
  );
}

/** Puts text on the clipboard, also where the page is not served over TLS. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement('textarea');
    area.value = text;
    area.className = 'away';
    (document.querySelector('dialog[open]') ?? document.body).append(area);
    area.select();
    const done = document.execCommand('copy');
    area.remove();
    return done;
  }
}

export function CopyButton({ text, label, kind = 'quiet' }: { text: string; label?: string; kind?: string }) {
  const { say } = useText();
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return undefined;
    const timer = setTimeout(() => setCopied(false), 2500);
    return () => clearTimeout(timer);
  }, [copied]);
  const name = label ?? say(words.copy);
  return (
    <>
      <button type="button" class={kind} onClick={async () => setCopied(await copyText(text))}>
        {copied ? say(words.copied) : name}
      </button>
      <span class="away" role="status">{copied ? say(words.copied) : ''}</span>
    </>
  );
}

/** Seconds that are left until `deadline` (of performance.now()), whole, never negative. */
export function useSecondsLeft(deadline: number): number {
  const left = (): number => Math.max(0, Math.ceil((deadline - performance.now()) / 1000));
  const [seconds, setSeconds] = useState(left);
  useEffect(() => {
    setSeconds(left());
    const timer = setInterval(() => setSeconds(left()), 250);
    return () => clearInterval(timer);
  }, [deadline]);
  return seconds;
}

const around = 2 * Math.PI * 15;

/** What is left of a time, as a ring: for the eye only, words stand beside it. */
export function Ring({ left, total }: { left: number; total: number }) {
  const part = total > 0 ? Math.min(1, left / total) : 0;
  return (
    <svg class="ring" viewBox="0 0 36 36" aria-hidden="true">
      <circle class="track" cx="18" cy="18" r="15" />
      <circle class="left" cx="18" cy="18" r="15" stroke-dasharray={around} stroke-dashoffset={around * (1 - part)} />
    </svg>
  );
}

const icons = {
  done: 'M5 12.5l4.5 4.5L19 7.5',
  wrong: 'M12 6v7.5M12 17.6v.1',
  time: 'M12 6.5V12l3.5 2.5M12 21a9 9 0 1 1 0-18 9 9 0 0 1 0 18z',
  gone: 'M5.6 5.6l12.8 12.8M12 21a9 9 0 1 1 0-18 9 9 0 0 1 0 18z',
};

/** What kind of state it is, for the eye. */
export function Mark({ icon }: { icon: keyof typeof icons }) {
  return <span class="mark" aria-hidden="true"><svg viewBox="0 0 24 24"><path d={icons[icon]} /></svg></span>;
}

export function Spinner() {
  return <span class="spinner" aria-hidden="true" />;
}

/** A labelled control; `hint` and `problem` are read with it. */
export function Field({ label, hint, problem, children }:
    { label: string; hint?: string; problem?: string; children: (ids: { id: string; 'aria-describedby'?: string }) => JSX.Element }) {
  const id = useId();
  const described = hint || problem ? { 'aria-describedby': `${id}-hint` } : {};
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children({ id, ...described })}
      {(hint || problem) && <p id={`${id}-hint`} class={problem ? 'hint wrong' : 'hint'}>{problem || hint}</p>}
    </div>
  );
}

/** A modal <dialog>; Escape and the browser's own way of closing it call `close`. */
export function Dialog({ title, close, children }: { title: string; close: () => void; children: ComponentChildren }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const before = document.activeElement;
    dialog.current?.showModal();
    return () => before instanceof HTMLElement && before.isConnected && before.focus();
  }, []);
  return (
    <dialog ref={dialog} aria-labelledby={id} onClose={close} onCancel={close}>
      <h2 id={id}>{title}</h2>
      {children}
    </dialog>
  );
}

/** Text from elsewhere, for one line: no controls, no direction marks, not longer than `most`. */
export function plainText(text: string, most: number): string {
  const clean = text.replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, ' ').replace(/\s+/g, ' ').trim();
  const letters = [...clean];
  return letters.length > most ? `${letters.slice(0, most - 1).join('').trimEnd()}…` : clean;
}

/** The address where it is one of the web, else null: `javascript:` and its kind lead nowhere. */
export function webAddress(text: string | null | undefined): URL | null {
  try {
    const url = new URL(text ?? '');
    return url.protocol === 'http:' || url.protocol === 'https:' ? url : null;
  } catch {
    return null;
  }
}
