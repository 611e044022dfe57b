// Words for what an audit entry names: actions and kinds of things.

import { useTranslation } from 'react-i18next';
import type { en } from '../../words/en';
import { plainAction } from './change-texts';

type Actions = keyof typeof en.audit.actions;
type Kinds = keyof typeof en.audit.kinds;

export function useAuditWords() {
  const { t, i18n } = useTranslation();
  const actions = Object.keys(t('audit.actions', { returnObjects: true })) as Actions[];
  return {
    actions,
    // A dot would be taken for a step into the words.
    action: (name: string) => {
      const key = name.replaceAll('.', '_');
      return i18n.exists(`audit.actions.${key}`) ? t(`audit.actions.${key as Actions}`) : plainAction(name);
    },
    kind: (name: string) =>
      i18n.exists(`audit.kinds.${name}`) ? t(`audit.kinds.${name as Kinds}`) : plainAction(name),
  };
}

/** The action that stands under a word's key. */
export const actionOfKey = (key: string): string => key.replace('key_suspicious', 'key.suspicious');
