// The table of contents of the provider's page; it marks the section that is being read.

import { Box, NavLink, Text } from '@mantine/core';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';

interface Heading {
  id: string;
  text: string;
}

function useReading(headings: readonly Heading[]): string | undefined {
  const [reading, setReading] = useState<string>();
  useEffect(() => {
    const seen = new IntersectionObserver(
      (entries) => {
        const first = entries.find(({ isIntersecting }) => isIntersecting);
        if (first !== undefined) setReading(first.target.id);
      },
      { rootMargin: '-80px 0px -65% 0px' },
    );
    for (const { id } of headings) {
      const heading = document.getElementById(id);
      if (heading !== null) seen.observe(heading);
    }
    return () => seen.disconnect();
  }, [headings]);
  return reading;
}

export function Contents({ headings }: { headings: readonly Heading[] }) {
  const { t } = useTranslation();
  const reading = useReading(headings);
  return (
    <Box component="nav" aria-label={t('docs.onThisPage')}>
      <Text size="xs" fw={600} c="dimmed" px="sm" pb={6}>
        {t('docs.onThisPage')}
      </Text>
      {headings.map(({ id, text }) => (
        <NavLink
          key={id}
          href={`#${id}`}
          label={text}
          lang="en"
          py={5}
          active={reading === id}
          aria-current={reading === id ? 'location' : undefined}
          style={{ borderRadius: 'var(--mantine-radius-md)' }}
        />
      ))}
    </Box>
  );
}
