// A moment as people say it ("3 minutes ago"), with the exact one on hover, on focus and for machines.

import { Text, type TextProps, Tooltip } from '@mantine/core';
import { useSyncExternalStore } from 'react';
import { useTranslation } from 'react-i18next';
import { useLocale } from '../words/locale';

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 31_557_600],
  ['month', 2_629_800],
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
];

function relativeTime(iso: string, language: string, now = Date.now()): string {
  const seconds = Math.round((Date.parse(iso) - now) / 1000);
  const format = new Intl.RelativeTimeFormat(language, { numeric: 'auto' });
  const [unit, length] = STEPS.find(([, length]) => Math.abs(seconds) >= length) ?? ['second', 1];
  return format.format(Math.trunc(seconds / length), unit);
}

/** As a value of its own, it begins with a capital as "Never" beside it does. */
export const loneTime = (iso: string, language: string): string => {
  const text = relativeTime(iso, language);
  return text.charAt(0).toLocaleUpperCase(language) + text.slice(1);
};

export const exactTime = (iso: string, language: string) =>
  new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'medium' }).format(new Date(iso));

/** The hour and minute of a moment that is near. */
export const clockTime = (iso: string, language: string) =>
  new Intl.DateTimeFormat(language, { hour: '2-digit', minute: '2-digit' }).format(new Date(iso));

/** "3 minutes ago" grows old while it stands: all of them are written anew together. */
const ANEW_MS = 30_000;
const readers = new Set<() => void>();
let round = 0;
let timer: ReturnType<typeof setInterval> | undefined;

function subscribe(reader: () => void): () => void {
  readers.add(reader);
  timer ??= setInterval(() => {
    round += 1;
    for (const tell of readers) tell();
  }, ANEW_MS);
  return () => {
    readers.delete(reader);
    if (readers.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

interface TimeTextProps extends TextProps {
  /** null: never. */
  at: string | null;
  /** What stands for null; default "Never". */
  none?: string;
  /** Inside a sentence. */
  inText?: boolean;
}

export function TimeText({ at, none, inText = false, ...text }: TimeTextProps) {
  const { t } = useTranslation();
  const locale = useLocale();
  useSyncExternalStore(subscribe, () => round);
  if (at === null) {
    return (
      <Text span inherit {...text}>
        {none ?? t('common.never')}
      </Text>
    );
  }
  return (
    <Tooltip label={exactTime(at, locale)} events={{ hover: true, focus: true, touch: true }}>
      <Text span inherit {...text}>
        <time dateTime={at}>{(inText ? relativeTime : loneTime)(at, locale)}</time>
      </Text>
    </Tooltip>
  );
}
