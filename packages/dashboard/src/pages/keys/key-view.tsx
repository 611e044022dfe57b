// One key: what it is, what is left, how it is used, why calls were refused, what it may do, what was done to it.

import { type Key, LatchkeyClientError, type Project } from '@latchkey/client';
import { Button, Group, Tabs, Text } from '@mantine/core';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useProfile } from '../../data/profile';
import { useMayIn } from '../../data/self';
import { EmptyState } from '../../kit/empty-state';
import { Key as KeyIcon, Rotate } from '../../kit/icons';
import { PageHeader } from '../../kit/page-header';
import { Waiting } from '../../kit/waiting';
import { KeyAccess } from './key-access';
import { KeyActionsProvider, KeyMenu, useKeyActions } from './key-actions';
import { KeyDenials } from './key-denials';
import { KeyHistory } from './key-history';
import { KeyOverview } from './key-overview';
import { KeyEnds, KeyMode, KeyState } from './key-state';
import { KeyLink, useOpenKey } from './place';
import { SuspensionNotice } from './suspension-notice';
import { isRotatable } from './usable';
import { useKey } from './use-keys';
import { useProject } from './use-project';

export function KeyView({ keyId }: { keyId: string }) {
  const { t } = useTranslation();
  const openKey = useOpenKey();
  const { data: key, error, refetch } = useKey(keyId);
  const project = useProject(key?.projectId);
  if (key === undefined && error instanceof LatchkeyClientError && error.status === 404) {
    return (
      <EmptyState icon={<KeyIcon size={26} />} headingOrder={1} title={t('keys.gone.title')} text={t('keys.gone.text')}>
        <Button variant="default" onClick={() => openKey(undefined)}>
          {t('keys.all')}
        </Button>
      </EmptyState>
    );
  }
  if (key === undefined || project.data === undefined) {
    return <Waiting error={key === undefined ? error : null} onRetry={refetch} lines={6} />;
  }
  return <Found value={key} project={project.data} />;
}

const TABS = ['overview', 'denials', 'access', 'history'] as const;
type TabName = (typeof TABS)[number];

function Found({ value: key, project }: { value: Key; project: Project }) {
  const { t } = useTranslation();
  const may = useMayIn(project.organizationId);
  const openKey = useOpenKey();
  const hasModes = useProfile().profile.policy.prefixes.test !== undefined;
  const navigate = useNavigate();
  const search = useSearch({ strict: false }) as { tab?: string };
  const offered = TABS.filter((name) => name !== 'history' || may('listAuditEvents'));
  const tab = offered.find((name) => name === search.tab) ?? 'overview';
  const choose = (name: string | null) =>
    navigate({
      to: '.',
      search: (before: object) => ({ ...before, tab: name === 'overview' ? undefined : name }),
    } as never);
  const panels: Record<TabName, React.ReactNode> = {
    overview: <KeyOverview value={key} />,
    denials: <KeyDenials keyId={key.id} />,
    access: <KeyAccess key={`${key.id} ${key.state}`} value={key} />,
    history: <KeyHistory value={key} />,
  };
  return (
    <KeyActionsProvider may={may} onRotated={openKey} onDeleted={() => openKey(undefined)}>
      <Text size="sm" mb={6}>
        <KeyLink size="sm">← {t('keys.all')}</KeyLink>
      </Text>
      <PageHeader
        title={key.name}
        text={
          <Group component="span" gap="xs" mt={4}>
            <KeyState value={key} />
            {hasModes && <KeyMode mode={key.mode} />}
            <KeyEnds value={key} fz="sm" />
          </Group>
        }
      >
        <HeadButtons value={key} />
      </PageHeader>
      <SuspensionNotice project={project} />
      <Tabs value={tab} onChange={choose} keepMounted={false}>
        <Tabs.List mb="lg">
          {offered.map((name) => (
            <Tabs.Tab key={name} value={name}>
              {t(`keys.tabs.${name}`)}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {offered.map((name) => (
          <Tabs.Panel key={name} value={name}>
            {panels[name]}
          </Tabs.Panel>
        ))}
      </Tabs>
    </KeyActionsProvider>
  );
}

function HeadButtons({ value: key }: { value: Key }) {
  const { t } = useTranslation();
  const { may, rotate, setDisabled } = useKeyActions();
  return (
    <>
      {key.state === 'disabled' && may('enableKey') && (
        <Button variant="default" onClick={() => setDisabled(key, false)}>
          {t('keys.disable.undo')}
        </Button>
      )}
      {may('rotateKey') && isRotatable(key) && (
        <Button leftSection={<Rotate size={16} />} onClick={() => rotate(key)}>
          {t(key.model === 'legacy' ? 'keys.rotate.swap' : 'keys.rotate.submit')}
        </Button>
      )}
      <KeyMenu value={key} isOpen />
    </>
  );
}
