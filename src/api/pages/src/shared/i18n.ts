// The reader's language: English, Portuguese (Brazil) or Spanish.
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';

export const languages = { en: 'English', pt: 'Português', es: 'Español' } as const;
export type Language = keyof typeof languages;

/** One text in English, Portuguese and Spanish. `{0}`, `{1}` stand for what is put in. */
export type Text = readonly [string, string, string];

const order: Language[] = ['en', 'pt', 'es'];
const kept = 'ponte-language';

/** For `lang` and for Intl. */
export const tagOf = (language: Language): string => (language === 'pt' ? 'pt-BR' : language);

function isLanguage(value: string | null): value is Language {
  return value !== null && value in languages;
}

export function preferredLanguage(): Language {
  try {
    const chosen = localStorage.getItem(kept);
    if (isLanguage(chosen)) return chosen;
  } catch {
    // Storage that is switched off is no reason not to show the page.
  }
  for (const tag of navigator.languages ?? [navigator.language]) {
    const language = tag.slice(0, 2).toLowerCase();
    if (isLanguage(language)) return language;
  }
  return 'en';
}

export function keepLanguage(language: Language): void {
  try {
    localStorage.setItem(kept, language);
  } catch {
    // As above: it counts for this visit then.
  }
}

export const LanguageContext = createContext<Language>('en');

export function translate(language: Language, text: Text, ...values: (string | number)[]): string {
  return text[order.indexOf(language)]!.replace(/\{(\d)\}/g, (_, index: string) => String(values[Number(index)] ?? ''));
}

export interface Translator {
  language: Language;
  tag: string;
  say: (text: Text, ...values: (string | number)[]) => string;
  /** A point in time, of today as its hour. */
  time: (iso: string, style?: 'short' | 'medium') => string;
}

export function useText(): Translator {
  const language = useContext(LanguageContext);
  const tag = tagOf(language);
  return {
    language,
    tag,
    say: (text, ...values) => translate(language, text, ...values),
    time: (iso, style = 'short') => timeText(tag, new Date(iso), style),
  };
}

function timeText(tag: string, when: Date, timeStyle: 'short' | 'medium'): string {
  if (Number.isNaN(when.getTime())) return '';
  const today = when.toDateString() === new Date().toDateString();
  return new Intl.DateTimeFormat(tag, today ? { timeStyle } : { dateStyle: 'medium', timeStyle }).format(when);
}
