// That the Chromium which tests find opens pages, keeps contexts apart, and is ended.

import { describe, expect, it } from 'vitest';
import { findChromium, launchChromium } from './chromium.js';

describe.skipIf(findChromium() === null)('a Chromium of the tests', () => {
  it('runs the script of a page and ends', async () => {
    const browser = await launchChromium();
    try {
      const page = await browser.newPage();
      await page.setContent('<title>before</title><script>document.title = "after"</script>');
      expect(await page.title()).toBe('after');
    } finally {
      await browser.close();
    }
    expect(browser.isConnected()).toBe(false);
  });
});
