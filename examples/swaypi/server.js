// Swaypi: creators and their audiences. Never decides by tier: it answers in full, and the gateway leaves fields out.

import { a, badRequest, createApi, createShelf, drawsFrom, notFound, serveWhenRun } from '../kit.js';

/**
 * @typedef {object} Creator
 * @property {string} id
 * @property {string} handle
 * @property {string} name
 * @property {number} followers
 * @property {string} contact_email
 * @property {{ countries: Share[], detail: { cities: Share[] } }} audience_geo
 */
/** @typedef {{ name: string, percent: number }} Share */

const ID = /^cr_[A-Za-z0-9_-]{1,64}$/;
const MAX_BATCH = 500;
const FIRST = 'Ada Bo Cleo Dara Emi Finn Gia Hugo Ines Juno Kai Lena Milo Noor'.split(' ');
const LAST = 'Ashford Bellweather Corvin Dunmore Eastlake Farrow Greenhill Hartwell Ivers Juniper'.split(' ');
const PLACES = [
  { city: 'Lisbon', country: 'PT' },
  { city: 'Osaka', country: 'JP' },
  { city: 'Toronto', country: 'CA' },
  { city: 'Lagos', country: 'NG' },
  { city: 'Lima', country: 'PE' },
  { city: 'Oslo', country: 'NO' },
  { city: 'Pune', country: 'IN' },
  { city: 'Perth', country: 'AU' },
];
const SEEDED = [
  { id: 'cr_1001', handle: 'pixelpantry', name: 'Pixel Pantry', followers: 184_200 },
  { id: 'cr_1002', handle: 'slowtrains', name: 'Slow Trains', followers: 92_310 },
  { id: 'cr_1003', handle: 'moss.and.stone', name: 'Moss and Stone', followers: 1_204_000 },
  { id: 'cr_1004', handle: 'nightbaker', name: 'The Night Baker', followers: 45_871 },
  { id: 'cr_1005', handle: 'tinysynths', name: 'Tiny Synths', followers: 310_066 },
  { id: 'cr_1006', handle: 'harborlight', name: 'Harbor Light', followers: 7_940 },
];

/** Draws a whole creator from an id, the same one every time. @param {string} id @returns {Creator} */
function derive(id) {
  const draw = drawsFrom(id);
  const given = draw.oneOf(FIRST);
  const family = draw.oneOf(LAST);
  const handle = `${given}.${family}${draw.below(1000)}`.toLowerCase();
  const home = draw.oneOf(PLACES);
  const abroad = draw.oneOf(PLACES.filter((place) => place !== home));
  const percent = 50 + draw.below(45);
  /** @param {'city' | 'country'} level @returns {Share[]} */
  const shares = (level) => [
    { name: home[level], percent },
    { name: abroad[level], percent: 100 - percent },
  ];
  return {
    id,
    handle,
    name: `${given} ${family}`,
    followers: draw.below(2_000_000),
    contact_email: `${handle}@example.com`,
    audience_geo: { countries: shares('country'), detail: { cities: shares('city') } },
  };
}

/** Every dotted path that `?fields=` may name. @param {any} value @param {string} [prefix] @returns {string[]} */
function pathsOf(value, prefix = '') {
  if (Array.isArray(value)) return pathsOf(value[0], prefix);
  if (typeof value !== 'object') return [];
  return Object.keys(value).flatMap((key) => [prefix + key, ...pathsOf(value[key], `${prefix}${key}.`)]);
}
const PATHS = new Set(pathsOf(derive('cr_sample')));

/** Keeps the named paths, walking through arrays. @param {any} value @param {string[][]} paths @returns {any} */
function pick(value, paths) {
  if (Array.isArray(value)) return value.map((item) => pick(item, paths));
  const kept = Object.keys(value).flatMap((key) => {
    const below = paths.filter(([head]) => head === key).map(([, ...rest]) => rest);
    if (below.length === 0) return [];
    return [[key, below.some((rest) => rest.length === 0) ? value[key] : pick(value[key], below)]];
  });
  return Object.fromEntries(kept);
}

/**
 * What `?fields=a,b.c` asks for, as a function on creators.
 *
 * @param {URLSearchParams} query @returns {(creator: Creator) => Partial<Creator>}
 */
function fieldsOf(query) {
  if (!query.has('fields')) return (creator) => creator;
  const asked = query.getAll('fields').join(',').split(',');
  const unknown = asked.find((path) => !PATHS.has(path));
  if (unknown !== undefined) throw badRequest(`There is no field '${unknown}'`);
  const paths = asked.map((path) => path.split('.'));
  return (creator) => pick(creator, paths);
}

/** @param {import('../kit.js').ExampleOptions} [options] */
export function createExample({ mode } = {}) {
  /** @type {ReturnType<typeof createShelf<Creator>>} */
  const seeded = createShelf();
  for (const known of [...SEEDED].reverse()) {
    seeded.set('', known.id, { ...derive(known.id), ...known, contact_email: `${known.handle}@example.com` });
  }
  /** @param {string} id @returns {Creator | undefined} */
  const find = (id) => (ID.test(id) ? (seeded.get('', id) ?? derive(id)) : undefined);

  return createApi({
    name: 'swaypi',
    mode,
    dialect: ({ status, message }) => ({ status, body: { detail: message } }),
    routes: {
      'GET /v1/creators': ({ query }) => {
        const { data, next } = seeded.page('', query);
        return { body: { data: data.map(fieldsOf(query)), next_cursor: next } };
      },
      'GET /v1/creators/:id': ({ id, query }) => {
        const creator = find(id);
        if (!creator) throw notFound('creator');
        return { body: fieldsOf(query)(creator) };
      },
      'POST /v1/creators/batch': async ({ body, query }) => {
        const select = fieldsOf(query);
        const { ids } = await body({ ids: a.list(1, MAX_BATCH, a.text(1, 100)) });
        const found = ids.flatMap((/** @type {string} */ id) => find(id) ?? []);
        return { body: { data: found.map(select), missing: ids.filter((/** @type {string} */ id) => !ID.test(id)) } };
      },
    },
  });
}

serveWhenRun(import.meta.url, 'swaypi', createExample);
