// Working a page by keyboard alone, as somebody does who cannot use a pointer.

import type { Page } from 'playwright-core';

/** What has the focus, by its accessible name. */
export const focused = (page: Page): Promise<string> =>
  page.evaluate(() => {
    const element = document.activeElement as HTMLInputElement | null;
    const named = element?.getAttribute('aria-labelledby')?.split(' ') ?? [];
    const labels = named.map((id) => document.getElementById(id)?.innerText ?? '').join(' ');
    const name = element?.getAttribute('aria-label') ?? (labels || element?.labels?.[0]?.innerText);
    return (name ?? element?.innerText ?? '').replace(/\s*\*$/, '').trim();
  });

/** Presses Tab until what has the focus is called so. */
export async function tabTo(page: Page, name: string | RegExp): Promise<void> {
  const passed: string[] = [];
  for (let pressed = 0; pressed < 80; pressed++) {
    await page.keyboard.press('Tab');
    const now = await focused(page);
    if (typeof name === 'string' ? now === name : name.test(now)) return;
    passed.push(now);
  }
  throw new Error(`Tab does not lead to ${name}, only to ${passed.join(' | ')}`);
}

/** Goes down an open menu to the item that is called so, and takes it. */
export async function chooseItem(page: Page, name: string | RegExp): Promise<void> {
  await page.getByRole('menuitem').first().waitFor();
  const isThere = async (): Promise<boolean> => {
    const now = await focused(page);
    return typeof name === 'string' ? now === name : name.test(now);
  };
  for (let pressed = 0; pressed < 10 && !(await isThere()); pressed++) await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
}
