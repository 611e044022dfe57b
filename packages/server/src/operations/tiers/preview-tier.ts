// previewTier: which keys and how many recent requests a change of a tier would touch. It changes nothing.

import type { OperationInput, Operations } from '@latchkey/core';
import { pageRequest, pageView } from '../paging.js';
import type { Services } from '../services.js';
import { findTier, tierDifferences } from './record.js';
import { judgeChange, patched, reordered } from './tiers.js';
import { changeOf, measure, sumOf, touchOf } from './touch.js';

/** @throws LatchkeyError as the change itself would */
export async function previewTier(
  services: Services,
  { tierId, limit, cursor, ...patch }: OperationInput<Operations['previewTier']>,
) {
  const { store, profile, clock } = services;
  await services.usage.flush();
  const tier = await findTier(store, tierId);
  const tiers = await store.tiers.list();
  const next = patched(tier, patch, tiers.length);
  await judgeChange(store, profile, clock(), tier, next);

  const change = changeOf(profile, tiers, reordered(tiers, next));
  const touched = change.effects.map((effect) => effect.tier);
  const touches = [];
  for (const each of touched) touches.push(await measure(services, change, each));
  const page = await store.keys.onTiers(touched, clock(), pageRequest({ limit, cursor }));
  return {
    ...sumOf(touches),
    changes: tierDifferences(tier, next),
    ...pageView(page, (key) => ({
      ...{ id: key.id, name: key.name, projectId: key.projectId, tier: key.tier },
      ...touchOf(change, key),
    })),
  };
}
