// The entries that the filters leave, as a file: read page by page, counted meanwhile, and stopped at any time.

import type { AuditEvent } from '@latchkey/client';
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

/** What was read of a file that is on its way. */
interface Reading {
  format: Format;
  events: AuditEvent[];
  /** Of the page to read next; null: all is read. */
  cursor: string | null | undefined;
}

/** Reads everything, tells how far it is, and saves the file. What broke off goes on where it was. */
function useExport(query: AuditQuery, names: Names) {
  const { t } = useTranslation();
  const api = useApi();
  const locale = useLocale();
  const notify = useNotify();
  const [progress, setProgress] = useState<Progress>(null);
  const stop = useRef(new AbortController());
  const reading = useRef<Reading>(null);
  const goOn = async () => {
    stop.current = new AbortController();
    const { signal } = stop.current;
    const now = reading.current as Reading;
    const { format, events } = now;
    setProgress({ read: events.length });
    try {
      while (now.cursor !== null) {
        const page = await api.auditEvents.list({ ...query, limit: 100, cursor: now.cursor }, { signal });
        if (signal.aborted) return;
        events.push(...page.data);
        now.cursor = page.nextCursor;
        setProgress({ read: events.length });
      }
      const text = format === 'csv' ? csvOf(events, names) : `${JSON.stringify(events, null, 2)}\n`;
      const type = format === 'csv' ? 'text/csv' : 'application/json';
      saveFile(`audit-log-${new Date().toISOString().slice(0, 10)}.${format}`, type, text);
      setProgress(null);
      notify(t('audit.exported', { number: count(events.length, locale) }));
    } catch (error) {
      if (!signal.aborted) setProgress({ read: events.length, error });
    }
  };
  const run = (format: Format) => {
    reading.current = { format, events: [], cursor: undefined };
    return goOn();
  };
  const cancel = () => {
    stop.current.abort();
    setProgress(null);
  };
  return { progress, run, goOn, cancel };
}

export function AuditExport({ query, names }: { query: AuditQuery; names: Names }) {
  const { t } = useTranslation();
  const locale = useLocale();
  const { progress, run, goOn, cancel } = useExport(query, names);
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
            <ErrorState error={progress.error} onRetry={() => void goOn()} />
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
