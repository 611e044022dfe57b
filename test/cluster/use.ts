// A cluster for the tests of one file: started before them, ended after them, whatever became of them.

import { afterAll, beforeAll } from 'vitest';
// Ends what is left of its processes, too.
import '../e2e/server.js';
import { type Cluster, type ClusterOptions, startCluster } from './cluster.js';

const START_MS = 120_000;

export function useCluster(options: ClusterOptions = {}): () => Cluster {
  let cluster: Cluster | null = null;
  beforeAll(async () => {
    cluster = await startCluster(options);
  }, START_MS);
  afterAll(() => cluster?.close());
  return () => {
    if (cluster === null) throw new Error('the cluster is not there yet');
    return cluster;
  };
}

/** A whole number from the environment, so that long runs can be run short. */
export const sized = (name: string, fallback: number): number => Number(process.env[name] ?? fallback);
