// A session that ended meanwhile, or became somebody else's in another tab: back to the sign-in, unless something would be lost.

import { LatchkeyClientError } from '@latchkey/client';
import { Button, Stack, Text } from '@mantine/core';
import { focusManager, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { sessionApi } from '../data/api';
import { giveUpHeld, isHeld } from '../data/held';
import { forgetSelf, selfQuery, useSelf } from '../data/self';
import { DialogAbove } from '../kit/dialog-above';
import { DialogButtons } from '../kit/dialog-buttons';
import { safeReturn } from './safe-return';

/** The reader was told, and closed it to look at what is here still. */
type Ended = 'shown' | 'told' | null;

const isSignedOut = (error: unknown) => error instanceof LatchkeyClientError && error.code === 'unauthenticated';

/**
 * What is known is forgotten on arrival at the sign-in: before, the page would ask for all of it again and be refused again,
 * without an end, while something holds the reader here.
 */
function useEnded() {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [ended, setEnded] = useState<Ended>(null);
  useEffect(() => {
    const hear = (error: unknown, isAct: boolean) => {
      if (!isSignedOut(error)) return;
      if (isHeld()) {
        setEnded((before) => (before === null || isAct ? 'shown' : before));
        return;
      }
      const { pathname, search } = globalThis.location;
      if (pathname === '/sign-in') return;
      void navigate({ to: '/sign-in', search: { return: safeReturn(pathname + search) } }).then(() => {
        if (globalThis.location.pathname === '/sign-in') forgetSelf();
      });
    };
    const stops = [
      queries.getQueryCache().subscribe((event) => {
        if (event.type === 'updated' && event.action.type === 'error') hear(event.action.error, false);
      }),
      queries.getMutationCache().subscribe((event) => {
        if (event.type === 'updated' && event.action.type === 'error') hear(event.action.error, true);
      }),
    ];
    return () => {
      for (const stop of stops) stop();
    };
  }, [queries, navigate]);
  return [ended, setEnded] as const;
}

/** Somebody else's session: nothing of the one before may stay, on the page or in memory. */
function useNewDocumentForSomebodyElse() {
  const id = useSelf().user?.id;
  const [first] = useState(id);
  useEffect(() => {
    if (id === first) return;
    giveUpHeld();
    globalThis.location.reload();
  }, [id, first]);
}

export function SessionWatch() {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [ended, setEnded] = useEnded();
  useNewDocumentForSomebodyElse();
  // They signed in again in another tab, and come back to this one.
  useEffect(() => {
    if (ended === null) return;
    return focusManager.subscribe(async (isFocused) => {
      if (!isFocused) return;
      const self = await queries.fetchQuery({ ...selfQuery(sessionApi), staleTime: 0 }).catch(() => null);
      if (self === null) return;
      setEnded(null);
      void queries.invalidateQueries();
    });
  }, [ended, queries, setEnded]);
  return (
    <DialogAbove
      opened={ended === 'shown'}
      onClose={() => setEnded('told')}
      title={t('common.ended.title')}
      zIndex={500}
    >
      <Stack>
        <Text size="sm">{t('common.ended.text')}</Text>
        <DialogButtons>
          <Button variant="default" onClick={() => setEnded('told')}>
            {t('common.close')}
          </Button>
          <Button component="a" href="/sign-in" target="_blank" rel="noopener" data-autofocus>
            {t('common.ended.signIn')}
          </Button>
        </DialogButtons>
      </Stack>
    </DialogAbove>
  );
}
