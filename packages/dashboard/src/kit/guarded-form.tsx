// A form that asks before what was typed into it is lost.

import { type ComponentProps, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useHeld } from '../data/held';
import { LeaveGuard } from './leave-guard';

interface GuardedFormProps extends Omit<ComponentProps<'form'>, 'onChange'> {
  /** Whether there is something to lose; unless it says so, that a field was touched. */
  isDirty?: boolean | undefined;
  /** It is being sent: what then leads away is the answer. */
  isPending?: boolean | undefined;
}

export function GuardedForm({ isDirty, isPending = false, children, ...form }: GuardedFormProps) {
  const { t } = useTranslation();
  const [isTouched, setTouched] = useState(false);
  const isFilled = isDirty ?? isTouched;
  useHeld(isFilled);
  return (
    <form {...form} onChange={() => setTouched(true)}>
      <LeaveGuard
        isNeeded={() => isFilled && !isPending}
        title={t('common.unsaved.title')}
        text={t('common.unsaved.text')}
        leaveLabel={t('common.unsaved.leave')}
        stayLabel={t('common.unsaved.stay')}
      />
      {children}
    </form>
  );
}
