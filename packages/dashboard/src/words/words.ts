// The words on the page: English and German. English is the source; a German key that is missing does not compile.

import i18next from 'i18next';
import { initReactI18next } from 'react-i18next';
import type { en } from './en';

/** The shape of a set of words, whatever they say. */
export type Words<Source> = { [Key in keyof Source]: Source[Key] extends string ? string : Words<Source[Key]> };

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'words';
    resources: { words: typeof en };
  }
}

export const LANGUAGES = { en: 'English', de: 'Deutsch' } as const;
export type Language = keyof typeof LANGUAGES;

const load = {
  en: () => import('./en').then(({ en }) => en),
  de: () => import('./de').then(({ de }) => de),
};
const STORED = 'latchkey-language';
const isLanguage = (text: string | null): text is Language => text !== null && Object.hasOwn(LANGUAGES, text);

/** In a frame on somebody else's site there may be no storage at all. */
function stored(): string | null {
  try {
    return localStorage.getItem(STORED);
  } catch {
    return null;
  }
}

/** `?lang=` comes first: the site that frames the portal knows what its reader speaks. */
function preferred(): Language {
  const wanted = new URLSearchParams(globalThis.location.search).get('lang');
  if (isLanguage(wanted)) return wanted;
  const chosen = stored();
  if (isLanguage(chosen)) return chosen;
  return navigator.languages.map((tag) => tag.slice(0, 2)).find(isLanguage) ?? 'en';
}

export async function startWords(): Promise<void> {
  const language = preferred();
  await i18next.use(initReactI18next).init({
    lng: language,
    fallbackLng: 'en',
    defaultNS: 'words',
    ns: ['words'],
    resources: { [language]: { words: await load[language]() } },
    // React escapes.
    interpolation: { escapeValue: false },
    showSupportNotice: false,
  } as Parameters<typeof i18next.init>[0]);
  document.documentElement.lang = language;
}

export async function chooseLanguage(language: Language): Promise<void> {
  i18next.addResourceBundle(language, 'words', await load[language]());
  await i18next.changeLanguage(language);
  localStorage.setItem(STORED, language);
  document.documentElement.lang = language;
}
