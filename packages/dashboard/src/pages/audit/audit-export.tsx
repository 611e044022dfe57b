// The entries that the filters leave, as a file: read page by page, counted meanwhile, and stopped at any time.

import { type AuditEvent, type ManagementCallOptions, type OperationInputs, paginate } from '@latchkey/client';
import { Button, Group, Loader, Menu, Modal, Stack, Text } from '@mantine/core';
import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useApi } from '../../data/api';
import { count } from '../../data/numbers';
import { saveFile } from '../../data/save-file';
import { DialogButtons } from '../../kit/dialog-buttons';
import { ErrorState } from '../../kit/error-state';
import { Download } from '../../kit/icons';
import { useNotify } from '../../kit/notify';
import { useLocale } from '../../words/locale';
import { csvLine } from './csv';
import type { AuditQuery } from './filters';
import type { useNames } from './names';

type Names = ReturnType<typeof useNames>;
type Asked = NonNullable<OperationInputs['listAuditEvents']>;
type Format = 'csv' | 'json';
type Progress = { read: number; error?: unknown } | null;

const HEAD = ['at', 'action', 'actor_type', 'actor_id', 'actor_name', 'target_type', 'target_id', 'target_name'];
const TAIL = ['organization_id', 'project_id', 'changes', 'request_id'];

/** A mark that tells spreadsheets the encoding. */
const BOM = '\uFEFF';

function csvOf(events: readonly AuditEvent[], names: Names): string {
  const known = (name: string, id: string) => (name === id ? '' : name);
  const lines = events.map((event) =>
    csvLine([
      ...[event.at, event.action, event.actor.type, event.actor.id, known(names.who(event), event.actor.id)],
      ...[event.target.type, event.target.id, known(names.what(event), event.target.id)],
      ...[event.organizationId ?? '', event.projectId ?? '', JSON.stringify(event.changes), event.requestId],
    ]),
  );
  return BOM + csvLine([...HEAD, ...TAIL]) + lines.join('');
}

/** Reads everything, tells how far it is, and saves the file. */
function useExport(query: AuditQuery, names: Names) {
  const { t } = useTranslation();
  const api = useApi();
  const locale = useLocale();
  const notify = useNotify();
  const [progress, setProgress] = useState<Progress>(null);
  const stop = useRef(new AbortController());
  const run = async (format: Format) => {
    stop.current = new AbortController();
    const { signal } = stop.current;
    const events: AuditEvent[] = [];
    const list: (input: Asked, options?: ManagementCallOptions) => ReturnType<typeof api.auditEvents.list> =
      api.auditEvents.list;
    setProgress({ read: 0 });
    try {
      for await (const event of paginate(list, { ...query, limit: 100 }, { signal })) {
        events.push(event);
        if (events.length % 100 === 0) setProgress({ read: events.length });
      }
      if (signal.aborted) return;
      const text = format === 'csv' ? csvOf(events, names) : `${JSON.stringify(events, null, 2)}\n`;
      const type = format === 'csv' ? 'text/csv' : 'application/json';
      saveFile(`audit-log-${new Date().toISOString().slice(0, 10)}.${format}`, type, text);
      setProgress(null);
      notify(t('audit.exported', { number: count(events.length, locale) }));
    } catch (error) {
      if (!signal.aborted) setProgress({ read: events.length, error });
    }
  };
  const cancel = () => {
    stop.current.abort();
    setProgress(null);
  };
  return { progress, run, cancel };
}

export function AuditExport({ query, names }: { query: AuditQuery; names: Names }) {
  const { t } = useTranslation();
  const locale = useLocale();
  const { progress, run, cancel } = useExport(query, names);
  return (
    <>
      <Menu position="bottom-end" shadow="md">
        <Menu.Target>
          <Button variant="default" leftSection={<Download />}>
            {t('audit.export')}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => void run('csv')}>{t('audit.asCsv')}</Menu.Item>
          <Menu.Item onClick={() => void run('json')}>{t('audit.asJson')}</Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Modal
        opened={progress !== null}
        onClose={cancel}
        title={t('audit.exporting')}
        closeButtonProps={{ 'aria-label': t('common.cancel') }}
      >
        <Stack>
          {progress?.error === undefined ? (
            <Group gap="sm">
              <Loader size="sm" />
              <Text size="sm" role="status">
                {t('audit.read', { number: count(progress?.read ?? 0, locale) })}
              </Text>
            </Group>
          ) : (
            <ErrorState error={progress.error} />
          )}
          <DialogButtons>
            <Button variant="default" onClick={cancel}>
              {t('common.cancel')}
            </Button>
          </DialogButtons>
        </Stack>
      </Modal>
    </>
  );
}
