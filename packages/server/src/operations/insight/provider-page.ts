// getProviderPage: the provider's own Authentication page. What it says is in core; here it gets the tiers in force.

import { authenticationPage, toHtml, toMarkdown } from '@latchkey/core';
import { shownProfile } from '../profile.js';
import type { Services } from '../services.js';

export async function getProviderPage(services: Services) {
  const page = authenticationPage({ profile: shownProfile(services), tiers: await services.store.tiers.list() });
  return { title: page.title, markdown: toMarkdown(page), html: toHtml(page) };
}
