// How the reader's region writes figures and times, in the language that the pages speak.

import { useTranslation } from 'react-i18next';

/** `en` of somebody in Britain is `en-GB`: 17:20, not 5:20 PM. */
const localeOf = (language: string): string =>
  navigator.languages.find((tag) => tag === language || tag.startsWith(`${language}-`)) ?? language;

export const useLocale = (): string => localeOf(useTranslation().i18n.language);
