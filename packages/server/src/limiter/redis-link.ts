// The counters of key families in Redis or Valkey, alone, behind Sentinels or as a Cluster: what is sent, and where. No limit is judged here.

import type { Cluster, Redis } from 'ioredis';
import type { CounterLink } from './counter-link.js';
import { argumentsOf, atGivenTime, FAMILY_SCRIPT, familyKey, readAnswers, sha1Of } from './family-script.js';
import { placeFor, slotOf } from './hash-slot.js';

/** `latchkey:{…}:life` says under which run of the server the counters were begun; `latchkey:{…}:node:<id>` is a node's lease. */
const LEASE_SCRIPT = `
local time = redis.call('TIME')
local life = redis.call('GET', KEYS[2])
if not life or string.sub(life, 1, #ARGV[1]) ~= ARGV[1] then
  life = ARGV[1] .. '.' .. ARGV[2]
  redis.call('SET', KEYS[2], life)
end
redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[4])
return { time[1] * 1000 + math.floor(time[2] / 1000), life }
`;

/** Families in one run of the script, at most: nobody else is served meanwhile. */
const FAMILIES_AT_ONCE = 64;
const ONLY = 'redis';

interface Script {
  text: string;
  sha: string;
}
type Argument = string | number | Buffer;
interface Invocation {
  script: Script;
  keys: readonly string[];
  args: readonly Argument[];
}

export interface RedisLinkOptions {
  client: Redis | Cluster;
  /** For tests: the time at the servers, instead of their own. */
  time?: () => number;
}

/** Of a script that the server does not know nothing was carried out. */
const isUnknown = (error: Error): boolean => error.message.startsWith('NOSCRIPT');
const isCluster = (client: Redis | Cluster): client is Cluster => client.isCluster;

export function createRedisLink({ client, time }: RedisLinkOptions): CounterLink {
  const scriptOf = (text: string): Script => {
    const given = time === undefined ? text : atGivenTime(text);
    return { text: given, sha: sha1Of(given) };
  };
  const families = scriptOf(FAMILY_SCRIPT);
  const leases = scriptOf(LEASE_SCRIPT);
  /** The connection whose server's run was confirmed by a renewal, in each place. */
  const confirmed = new Map<string, { connection: Redis; stream: unknown }>();
  let renewals = 0;

  const placeOf = (familyId: string): string =>
    isCluster(client) ? (client.slots[slotOf(familyId)]?.[0] ?? 'nowhere') : ONLY;

  /** A hash tag whose keys lie in that place. */
  const tagAt = (place: string): string => {
    const tag = placeFor((slot) => !isCluster(client) || client.slots[slot]?.[0] === place);
    if (tag === null) throw new Error(`no slot of the Redis Cluster is served at ${place}`);
    return tag;
  };

  const connectionAt = (place: string): Redis => {
    if (!isCluster(client)) return client;
    const connection = client.nodes('master').find(({ options }) => `${options.host}:${options.port}` === place);
    if (connection === undefined) throw new Error(`no connection to ${place}`);
    return connection;
  };

  /** What changes with each connection, so that a server that was restarted or replaced behind it is noticed. */
  const streamOf = (connection: Redis): unknown => (connection as unknown as { stream: unknown }).stream;

  const wireOf = ({ script, keys, args }: Invocation, load: boolean): [name: string, args: Argument[]] => {
    const wire: Argument[] = [load ? script.text : script.sha, keys.length, ...keys, ...args];
    if (time !== undefined) wire.push(time());
    return [load ? 'eval' : 'evalsha', wire];
  };

  /** Answers are bytes. A lone run goes without a pipeline, which would cost as much as the run. */
  const invokeOne = (connection: Redis, invocation: Invocation): Promise<unknown> =>
    connection.callBuffer(...wireOf(invocation, false)).catch((error) => {
      if (!isUnknown(error)) throw error;
      return connection.callBuffer(...wireOf(invocation, true));
    });

  const invoke = async (connection: Redis, invocations: readonly Invocation[], load = false): Promise<unknown[]> => {
    const pipeline = connection.pipeline();
    for (const invocation of invocations) pipeline.callBuffer(...wireOf(invocation, load));
    const results = (await pipeline.exec()) ?? [];
    const answers: unknown[] = [];
    const again: number[] = [];
    for (const [index] of invocations.entries()) {
      const [error, answer] = results[index] ?? [new Error('no answer'), null];
      if (error && isUnknown(error) && !load) again.push(index);
      else if (error) throw error;
      answers.push(answer);
    }
    if (again.length > 0) {
      const repeated = await invoke(
        connection,
        again.map((index) => invocations[index] as Invocation),
        true,
      );
      again.forEach((index, place) => {
        answers[index] = repeated[place];
      });
    }
    return answers;
  };

  const runOf = (node: string, calls: Parameters<CounterLink['run']>[2]) => {
    const part = calls.map(({ call }) => call);
    const keys = calls.map(({ familyId }) => familyKey(familyId));
    return { part, invocation: { script: families, keys, args: argumentsOf(node, part) } };
  };

  return {
    placeOf,
    places: () => {
      if (!isCluster(client)) return [ONLY];
      return [...new Set(client.slots.flatMap((served) => served?.slice(0, 1) ?? []))];
    },

    async run(place, node, calls) {
      const connection = connectionAt(place);
      const known = confirmed.get(place);
      if (known?.connection !== connection || known.stream !== streamOf(connection))
        throw new Error('the connection is new: what is behind it was not looked at yet');
      // Keys of several slots cannot go into one script of a Cluster.
      const size = isCluster(client) ? 1 : FAMILIES_AT_ONCE;
      if (calls.length <= size) {
        const { part, invocation } = runOf(node, calls);
        return readAnswers(part, (await invokeOne(connection, invocation)) as Buffer[]);
      }
      const runs: ReturnType<typeof runOf>[] = [];
      for (let from = 0; from < calls.length; from += size) runs.push(runOf(node, calls.slice(from, from + size)));
      const raw = await invoke(
        connection,
        runs.map(({ invocation }) => invocation),
      );
      const read = runs.map(({ part }, index) => readAnswers(part, raw[index] as Buffer[]));
      return { now: read.at(-1)?.now ?? 0, answers: read.flatMap(({ answers }) => answers) };
    },

    async renew(place, node, word, ms) {
      const connection = connectionAt(place);
      const [, run] = /^run_id:(\w+)/m.exec(await connection.info('server')) ?? [];
      const stream = streamOf(connection);
      if (run === undefined) throw new Error('the server does not tell its run id');
      const tag = tagAt(place);
      renewals += 1;
      const invocation: Invocation = {
        script: leases,
        keys: [leaseKey(tag, node), `latchkey:{${tag}}:life`],
        args: [run, `${node}.${renewals}`, word, ms],
      };
      const answer = (await invokeOne(connection, invocation)) as [number, Buffer];
      if (streamOf(connection) !== stream) throw new Error('the connection was replaced meanwhile');
      confirmed.set(place, { connection, stream });
      return { now: answer[0], life: `${tag} ${answer[1]}` };
    },

    async leases(place, nodes) {
      const tag = tagAt(place);
      const pipeline = connectionAt(place).pipeline();
      for (const id of nodes) pipeline.get(leaseKey(tag, id)).pttl(leaseKey(tag, id));
      const results = (await pipeline.exec()) ?? [];
      return nodes.map((_, index) => {
        const [word, ms] = [results[index * 2], results[index * 2 + 1]];
        const error = word?.[0] ?? ms?.[0];
        if (error || word === undefined || ms === undefined) throw error ?? new Error('no answer');
        return word[1] === null || Number(ms[1]) < 0 ? null : { word: String(word[1]), ms: Number(ms[1]) };
      });
    },

    async leave(place, node) {
      await connectionAt(place).del(leaseKey(tagAt(place), node));
    },

    async close() {
      client.disconnect();
    },
  };
}

const leaseKey = (tag: string, node: string): string => `latchkey:{${tag}}:node:${node}`;
