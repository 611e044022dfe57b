// Words for what an audit entry names: actions and kinds of things.

import { useTranslation } from 'react-i18next';
import type { en } from '../../words/en';

type Actions = keyof typeof en.audit.actions;
type Kinds = keyof typeof en.audit.kinds;

export function useAuditWords() {
  const { t, i18n } = useTranslation();
  return {
    /** The names of all actions that have words. */
    actions: Object.keys(t('audit.actions', { returnObjects: true })).map((key) => key.replaceAll('_', '.')),
    action: (name: string) => {
      // A dot would be taken for a step into the words.
      const key = name.replaceAll('.', '_');
      return i18n.exists(`audit.actions.${key}`) ? t(`audit.actions.${key as Actions}`) : plainAction(name);
    },
    kind: (name: string) =>
      i18n.exists(`audit.kinds.${name}`) ? t(`audit.kinds.${name as Kinds}`) : plainAction(name),
  };
}

/** `updateKey` as "Update key", for an action that has no words yet. */
export const plainAction = (action: string): string => {
  const words = action
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/[._]/g, ' ')
    .toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
};
