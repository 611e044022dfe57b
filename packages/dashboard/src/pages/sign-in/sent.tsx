// Says that a letter is on its way, or that something is done, and where to go from here.

import { Button } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { AuthFrame } from './auth-frame';

interface SentProps {
  title: string;
  text: string;
  /** Nothing more to wait for. */
  done?: boolean;
}

export function Sent({ title, text, done = false }: SentProps) {
  const { t } = useTranslation();
  return (
    <AuthFrame title={title} text={text}>
      <Button component={Link} to="/sign-in" fullWidth variant={done ? 'filled' : 'default'}>
        {t('signIn.toSignIn')}
      </Button>
    </AuthFrame>
  );
}
