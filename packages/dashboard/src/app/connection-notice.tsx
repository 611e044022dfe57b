// Says that the server is out of reach while it is, since what stands on the page may be out of date then; and asks by itself.

import { LatchkeyClientError } from '@latchkey/client';
import { Alert } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Alert as AlertIcon } from '../kit/icons';

const ASK_AGAIN_MS = 5000;

const isOutOfReach = (error: unknown) =>
  error instanceof LatchkeyClientError && (error.code === 'network_error' || error.code === 'timeout');

function useIsCutOff(): boolean {
  const queries = useQueryClient();
  const [isCutOff, setCutOff] = useState(false);
  useEffect(
    () =>
      queries.getQueryCache().subscribe((event) => {
        if (event.type !== 'updated') return;
        if (event.action.type === 'success' && !event.action.manual) setCutOff(false);
        if (event.action.type === 'failed') setCutOff(isOutOfReach(event.action.error));
      }),
    [queries],
  );
  useEffect(() => {
    if (!isCutOff) return;
    const timer = setInterval(() => void queries.refetchQueries({ queryKey: ['self'] }), ASK_AGAIN_MS);
    return () => {
      clearInterval(timer);
      // What could not be read in the meantime.
      void queries.refetchQueries({ type: 'active', predicate: ({ state }) => state.status === 'error' });
    };
  }, [isCutOff, queries]);
  return isCutOff;
}

export function ConnectionNotice() {
  const { t } = useTranslation();
  const isCutOff = useIsCutOff();
  return (
    <div role="status">
      {isCutOff && (
        <Alert color="orange" variant="light" icon={<AlertIcon />} title={t('common.cutOff.title')} mb="lg">
          {t('common.cutOff.text')}
        </Alert>
      )}
    </div>
  );
}
