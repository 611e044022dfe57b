// The providers around the router: words, colours, queries, notifications.

import { MantineProvider } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiProvider, sessionApi } from '../data/api';
import { queryClient } from '../data/queries';
import { router } from './router';
import { cssVariables, styleNonce, theme } from './theme';

// What locks the scroll behind a dialog adds a style of its own and asks here for the nonce.
Object.assign(globalThis, { __webpack_nonce__: styleNonce() });

/** The theme, with the words that the library's own parts need. */
function useTheme() {
  const { t } = useTranslation();
  return useMemo(() => {
    const label = { 'aria-label': t('common.close') };
    const words = {
      ModalCloseButton: { defaultProps: label },
      DrawerCloseButton: { defaultProps: label },
      Notification: { defaultProps: { closeButtonProps: label } },
    };
    return { ...theme, components: { ...theme.components, ...words } };
  }, [t]);
}

export function App() {
  return (
    <MantineProvider
      theme={useTheme()}
      cssVariablesResolver={cssVariables}
      defaultColorScheme="auto"
      getStyleNonce={styleNonce}
    >
      <Notifications position="bottom-right" />
      <QueryClientProvider client={queryClient}>
        <ApiProvider api={sessionApi}>
          <RouterProvider router={router} />
        </ApiProvider>
      </QueryClientProvider>
    </MantineProvider>
  );
}
