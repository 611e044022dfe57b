// createKey: a new key of a project, its secret shown once.

import {
  actsForOperator,
  isLive,
  LatchkeyError,
  type OperationInput,
  type OperationOutput,
  type Operations,
} from '@latchkey/core';
import { commitChange } from '../commit-change.js';
import type { Call } from '../engine.js';
import { replayOf } from '../replays.js';
import type { Services } from '../services.js';
import {
  boundToActor,
  judgeSettings,
  type KeySettings,
  mintKey,
  newKeyChanges,
  notFound,
  prefixFor,
  rulesOf,
  secretAnswer,
  untouched,
  usualTier,
  withAccount,
} from './record.js';

type Input = OperationInput<Operations['createKey']>;
type Answer = OperationOutput<Operations['createKey']>;

/** @throws LatchkeyError with the codes of the operation's row */
export async function createKey(services: Services, input: Input, call: Call): Promise<Answer> {
  const { profile } = services;
  const replay = replayOf<Answer>(services, call, 'createKey', input.projectId, input);
  const { value } = await commitChange<Answer>(services, call, async (view, now) => {
    const repeated = await replay.find(view, now);
    if (repeated !== null) return { value: repeated, audit: [] };

    const project = await view.projects.get(input.projectId);
    if (project === null || (call.actor.key && call.actor.key.projectId !== project.id)) throw notFound('project');
    const organization = await view.organizations.get(project.organizationId);
    if (project.suspendedAt !== null || organization?.suspendedAt != null)
      throw new LatchkeyError('organization_suspended');

    const rules = await rulesOf(services, view);
    const usual = usualTier(rules, project, call.actor);
    const settings: KeySettings = {
      mode: input.mode ?? call.actor.key?.mode ?? 'live',
      tier: input.tier ?? usual,
      permissions: input.permissions ?? null,
      restrictions: input.restrictions ?? null,
      limits: input.limits ?? null,
      expiresAt: input.expiresAt ?? null,
    };
    prefixFor(profile, settings.mode);
    if (input.credits != null && !actsForOperator(call.actor))
      throw new LatchkeyError('operator_only', 'Only the operator gives credits.');
    judgeSettings(rules, settings, now);
    boundToActor(rules, call.actor, settings, { tier: usual, limits: null });
    if (project.keyModel === 'legacy') {
      const { rows } = await view.keys.list({ projectId: project.id, notRevoked: true }, { limit: 100, after: null });
      const living = rows.find((key) => isLive(key, now));
      if (living) {
        throw new LatchkeyError(
          'legacy_key_exists',
          `This legacy project has ${living.id}: replace it with RotateAPIKey, or POST /v1/keys/${living.id}/rotate.`,
        );
      }
    }

    const minted = mintKey(
      services,
      {
        ...untouched,
        ...settings,
        organizationId: project.organizationId,
        projectId: project.id,
        generation: 1,
        name: input.name,
        model: project.keyModel,
        environment: input.environment ?? null,
        metadata: input.metadata ?? null,
        ownerId: input.ownerId === undefined ? ownerBy(call) : input.ownerId,
        credits: null,
        createdBy: call.actor.id,
      },
      now,
    );
    await view.keys.insert(minted.key);
    const key = await withAccount(view, minted.key, input.credits, call, now);
    const answer = await secretAnswer(services, { ...minted, key }, view, now);
    await replay.keep(view, minted.key.id, answer, now);
    return {
      value: answer,
      audit: [
        {
          action: 'createKey',
          target: { type: 'key', id: minted.key.id },
          organizationId: project.organizationId,
          projectId: project.id,
          changes: {
            name: input.name,
            mode: settings.mode,
            tier: settings.tier,
            permissions: settings.permissions,
            generation: 1,
            credits: key.credits?.balance ?? null,
          },
        },
      ],
      changes: newKeyChanges(minted.key),
    };
  });
  return value;
}

/** Nobody said whose it is: then whoever made it by hand. */
const ownerBy = ({ actor }: Call): string | null => (actor.type === 'user' ? actor.id : null);
