// Says that a letter is on its way, or that something is done, and where to go from here.

import { Button, ThemeIcon } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { Check, Mail } from '../../kit/icons';
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
      <ThemeIcon variant="light" size={48} radius="xl" mb="lg" aria-hidden>
        {done ? <Check size={24} /> : <Mail size={24} />}
      </ThemeIcon>
      <Button component={Link} to="/sign-in" fullWidth variant={done ? 'filled' : 'default'}>
        {t('signIn.toSignIn')}
      </Button>
    </AuthFrame>
  );
}
