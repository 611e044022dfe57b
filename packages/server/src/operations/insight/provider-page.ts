// getProviderPage: the provider's own Authentication page. What it says is in core; here it gets the tiers in force.

import { authenticationPage, toHtml, toMarkdown } from '@latchkey/core';
import type { Services } from '../services.js';

export async function getProviderPage({ profile, store }: Services) {
  const page = authenticationPage({ profile, tiers: await store.tiers.list() });
  return { title: page.title, markdown: toMarkdown(page), html: toHtml(page) };
}
