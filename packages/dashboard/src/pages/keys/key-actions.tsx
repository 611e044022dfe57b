// What can be done with a key, for whoever may: the menu of a row, and the dialogs that it opens, once for a page.

import type { Key, OperationName } from '@latchkey/client';
import { ActionIcon, Menu } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { createContext, type ReactNode, useContext, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useApi } from '../../data/api';
import { useErrorText } from '../../kit/error-state';
import { Check, Cross, Dots, Eye, Pause, Rotate, Trash } from '../../kit/icons';
import { useNotify } from '../../kit/notify';
import { DeleteKey, RevokeKey } from './end-key';
import { useOpenKey } from './place';
import { RotateKey } from './rotate-key';
import { isRotatable, isUsable } from './usable';
import { useKeyCache } from './use-keys';

interface KeyActions {
  /** Whether the operation may be called. */
  may(operation: OperationName): boolean;
  rotate(key: Key): void;
  revoke(key: Key): void;
  remove(key: Key): void;
  /** Off and on again; each can be undone from its notification. */
  setDisabled(key: Key, disabled: boolean): Promise<void>;
}

const ActionsContext = createContext<KeyActions | null>(null);

export function useKeyActions(): KeyActions {
  const actions = useContext(ActionsContext);
  if (actions === null) throw new Error('useKeyActions needs KeyActionsProvider around it.');
  return actions;
}

type Open = { dialog: 'rotate' | 'revoke' | 'delete'; key: Key } | null;

interface KeyActionsProviderProps {
  may(operation: OperationName): boolean;
  /** On the page of one key: goes on to its next generation. */
  onRotated?: ((keyId: string) => void) | undefined;
  onDeleted?: (() => void) | undefined;
  children: ReactNode;
}

export function KeyActionsProvider({ may, onRotated, onDeleted, children }: KeyActionsProviderProps) {
  const [open, setOpen] = useState<Open>(null);
  // Beside the other, so that the panel of generations stays while its old one is revoked.
  const [ending, setEnding] = useState<Key | null>(null);
  const switchKey = useSwitch();
  const actions = useMemo<KeyActions>(
    () => ({
      may,
      rotate: (key) => setOpen({ dialog: 'rotate', key }),
      revoke: setEnding,
      remove: (key) => setOpen({ dialog: 'delete', key }),
      setDisabled: switchKey,
    }),
    [may, switchKey],
  );
  const close = () => setOpen(null);
  return (
    <ActionsContext value={actions}>
      {children}
      {open?.dialog === 'rotate' && (
        <RotateKey
          value={open.key}
          onClose={close}
          onRotated={onRotated}
          onRevoke={may('revokeKey') ? setEnding : undefined}
        />
      )}
      {open?.dialog === 'delete' && <DeleteKey value={open.key} onClose={close} onDeleted={onDeleted} />}
      {ending !== null && <RevokeKey value={ending} onClose={() => setEnding(null)} />}
    </ActionsContext>
  );
}

function useSwitch() {
  const { t } = useTranslation();
  const api = useApi();
  const cache = useKeyCache();
  const notify = useNotify();
  const textOf = useErrorText();
  const run = async (key: Key, disabled: boolean, isUndo = false): Promise<void> => {
    try {
      const changed = await (disabled ? api.keys.disable : api.keys.enable)({ keyId: key.id });
      cache.put(changed);
      const text = t(disabled ? 'keys.disable.done' : 'keys.disable.undone', { name: changed.name });
      notify(text, isUndo ? undefined : () => run(changed, !disabled, true));
    } catch (error) {
      notifications.show({ color: 'red', title: t('common.failed'), message: textOf(error) });
    }
  };
  return run;
}

interface KeyMenuProps {
  value: Key;
  /** On the page of the key itself, which it need not lead to. */
  isOpen?: boolean;
}

export function KeyMenu({ value: key, isOpen = false }: KeyMenuProps) {
  const { t } = useTranslation();
  const { may, rotate, revoke, remove, setDisabled } = useKeyActions();
  const openKey = useOpenKey();
  const usable = isUsable(key);
  const offered = {
    rotate: may('rotateKey') && isRotatable(key),
    disable: may('disableKey') && usable && key.state !== 'disabled',
    enable: may('enableKey') && key.state === 'disabled',
    revoke: may('revokeKey') && key.state !== 'revoked',
    remove: may('deleteKey'),
  };
  // The name leads to the page of the key; a menu is for what can be done.
  if (!Object.values(offered).includes(true)) return null;
  return (
    <Menu position="bottom-end" width={220} shadow="md" portalProps={{ target: 'main' }}>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" c="dimmed" size="lg" aria-label={t('keys.menu', { name: key.name })}>
          <Dots size={22} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {!isOpen && (
          <Menu.Item leftSection={<Eye />} onClick={() => openKey(key.id)}>
            {t('keys.details')}
          </Menu.Item>
        )}
        {offered.rotate && (
          <Menu.Item leftSection={<Rotate />} onClick={() => rotate(key)}>
            {t(key.model === 'legacy' ? 'keys.rotate.swap' : 'keys.rotate.submit')}…
          </Menu.Item>
        )}
        {offered.disable && (
          <Menu.Item leftSection={<Pause />} onClick={() => setDisabled(key, true)}>
            {t('keys.disable.submit')}
          </Menu.Item>
        )}
        {offered.enable && (
          <Menu.Item leftSection={<Check />} onClick={() => setDisabled(key, false)}>
            {t('keys.disable.undo')}
          </Menu.Item>
        )}
        {(offered.revoke || offered.remove) && <Menu.Divider />}
        {offered.revoke && (
          <Menu.Item c="var(--mantine-color-error)" leftSection={<Cross />} onClick={() => revoke(key)}>
            {t('keys.revoke.submit')}…
          </Menu.Item>
        )}
        {offered.remove && (
          <Menu.Item c="var(--mantine-color-error)" leftSection={<Trash />} onClick={() => remove(key)}>
            {t('keys.delete.submit')}…
          </Menu.Item>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}
