// What axe finds on a page, as lines that say where. A page or state without any is what every test asks for.

import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { atRest } from './stage.js';

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22a', 'wcag22aa', 'best-practice'];

/** `only`: these rules alone, e.g. where nothing but the colours is another. */
async function violations(page: Page, only?: readonly string[]): Promise<string[]> {
  await atRest(page);
  const axe = new AxeBuilder({ page }).setLegacyMode(true);
  const { violations: found } = await (only === undefined ? axe.withTags(RULES) : axe.withRules([...only])).analyze();
  return found.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 240)} ${failureSummary?.replace(/\s+/g, ' ')}`),
  );
}

/** @throws an assertion that names the state and every violation */
export async function expectAccessible(page: Page, state: string, only?: readonly string[]): Promise<void> {
  expect(await violations(page, only), `axe on ${state} (${new URL(page.url()).pathname})`).toEqual([]);
}
