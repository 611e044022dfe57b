// Recurring work while serving. When it runs is decided here; what it does, in operations.

import { remindRotation } from '../operations/insight/remind-rotation.js';
import { prune, reseal, returnExpired } from '../operations/maintenance.js';
import type { Services } from '../operations/services.js';

const PRUNE_MS = 60_000;
const RETURN_EXPIRED_MS = 2_000;
const MASTER_KEY_POLL_MS = 2_000;
const LEASE_SWEEP_MS = 1_000;
const LEASE_FOLLOW_MS = 5_000;
/** Letters say a day: several looks on it let none come late. */
const REMIND_MS = 6 * 3_600_000;

/** Starts the timers; the returned function stops them and waits for what is running. */
export function startJobs(services: Services): () => Promise<void> {
  const { telemetry } = services;
  const running = new Set<Promise<unknown>>();
  const run = (name: string, work: () => Promise<unknown>): void => {
    const done = work()
      .catch((cause) => telemetry.log('warn', 'job_failed', { job: name, cause }))
      .finally(() => running.delete(done));
    running.add(done);
  };
  let sealedUnder = '';
  const resealWhenNew = async (): Promise<void> => {
    const current = services.vault.currentMasterKeyId();
    if (current === sealedUnder) return;
    const moved = await reseal(services);
    sealedUnder = current;
    if (moved > 0) telemetry.log('info', 'resealed', { masterKeyId: current, values: moved });
  };
  const timers = [
    setInterval(() => run('prune', () => prune(services)), PRUNE_MS),
    setInterval(() => run('reseal', resealWhenNew), MASTER_KEY_POLL_MS),
    setInterval(() => services.leases.sweep(), LEASE_SWEEP_MS),
    setInterval(() => run('follow_leases', () => services.leases.follow()), LEASE_FOLLOW_MS),
    setInterval(() => run('remind_rotation', () => remindRotation(services)), REMIND_MS),
    setInterval(() => run('return_expired', () => returnExpired(services)), RETURN_EXPIRED_MS),
  ];
  for (const timer of timers) timer.unref();
  run('reseal', resealWhenNew);
  run('remind_rotation', () => remindRotation(services));
  return async () => {
    for (const timer of timers) clearInterval(timer);
    await Promise.all(running);
  };
}
