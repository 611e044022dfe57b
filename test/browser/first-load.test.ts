// What a first visit costs and where it asks: few bytes, few requests, nobody else's host.

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { findChromium } from '../servers/chromium.js';
import { openStage, type Stage } from './stage.js';

const MOST_BYTES = 400 * 1024;
const MOST_REQUESTS = 25;

describe.skipIf(findChromium() === null)('a first visit', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await openStage();
  });
  afterAll(() => stage?.close());
  afterEach(() => stage.leave());

  it.each(['/sign-in'])(
    'takes at most 400 KB and 25 requests, all of them to where the page came from: %s',
    async (path) => {
      const { page, requests } = await stage.visitor();
      await page.goto(stage.url + path, { waitUntil: 'networkidle' });
      await page.getByRole('heading', { level: 1 }).waitFor();
      const sizes = await Promise.all(requests.map((request) => request.sizes()));
      const bytes = sizes.reduce(
        (sum, { responseBodySize, responseHeadersSize }) => sum + responseBodySize + responseHeadersSize,
        0,
      );
      console.log(`${path}: ${requests.length} requests, ${Math.round(bytes / 1024)} KB`);
      expect(requests.length).toBeLessThanOrEqual(MOST_REQUESTS);
      expect(bytes).toBeLessThanOrEqual(MOST_BYTES);
      expect(new Set(requests.map((request) => new URL(request.url()).origin))).toEqual(new Set([stage.url]));
    },
  );
});
