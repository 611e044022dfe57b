// The menu of what can be done with one row.

import { ActionIcon, Menu } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Dots } from './icons';

export interface RowAction {
  label: string;
  onClick(): void;
  icon?: ReactNode;
  /** Red, for what destroys. */
  danger?: boolean;
  disabled?: boolean;
}

/** `of`: the name of the row, said to a screen reader. Nothing when there is nothing to do. */
export function RowMenu({ of, actions }: { of: string; actions: readonly RowAction[] }) {
  const { t } = useTranslation();
  if (actions.length === 0) return null;
  return (
    <Menu position="bottom-end" shadow="md" width={220} withinPortal>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" c="dimmed" size="lg" aria-label={`${t('common.actions')}: ${of}`}>
          <Dots size={22} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {actions.map(({ label, onClick, icon, danger, disabled }) => (
          <Menu.Item
            key={label}
            onClick={onClick}
            leftSection={icon}
            disabled={disabled}
            c={danger ? 'var(--mantine-color-error)' : undefined}
          >
            {label}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
