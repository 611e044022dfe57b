// Language and colours, for pages without the menu of the person.

import { Group, SegmentedControl, UnstyledButton, useComputedColorScheme, useMantineColorScheme } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { chooseLanguage, LANGUAGES, type Language } from '../words/words';

export function Preferences() {
  const { t, i18n } = useTranslation();
  const { setColorScheme } = useMantineColorScheme();
  const scheme = useComputedColorScheme('light');
  return (
    <Group justify="center" gap="lg">
      <Group gap="md" role="group" aria-label={t('common.language')}>
        {(Object.keys(LANGUAGES) as Language[]).map((language) => (
          <UnstyledButton
            key={language}
            lang={language}
            fz="sm"
            c={i18n.language === language ? undefined : 'dimmed'}
            fw={i18n.language === language ? 600 : 400}
            aria-pressed={i18n.language === language}
            onClick={() => chooseLanguage(language)}
          >
            {LANGUAGES[language]}
          </UnstyledButton>
        ))}
      </Group>
      <SegmentedControl
        size="xs"
        radius="xl"
        aria-label={t('common.colors')}
        value={scheme}
        onChange={(value) => setColorScheme(value as 'light' | 'dark')}
        data={[
          { value: 'light', label: t('common.light') },
          { value: 'dark', label: t('common.dark') },
        ]}
      />
    </Group>
  );
}
