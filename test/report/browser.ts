import { existsSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { chromium, type Browser, type Page } from 'playwright-core';

/** Where Debian puts it. */
export const CHROMIUM = '/usr/bin/chromium';

/** False when there is no browser to try the page in. It is required where `ROLLCALL_REQUIRE_BROWSER` says so. */
export function hasBrowser(): boolean {
  if (existsSync(CHROMIUM)) return true;
  if (process.env['ROLLCALL_REQUIRE_BROWSER'] === '1') throw new Error(`${CHROMIUM} is not there`);
  return false;
}

export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: CHROMIUM,
    headless: true,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

export interface OpenedPage {
  readonly page: Page;
  /** URLs that the page asked for, itself included; everything else was refused. */
  readonly requests: readonly string[];
  /** What the console and the page's own errors said. */
  readonly told: readonly string[];
}

/** Opens a file in a window of its own, cut off from everything but the file. */
export async function openPage(
  browser: Browser,
  path: string,
  view: { readonly width: number; readonly height?: number; readonly dark?: boolean },
): Promise<OpenedPage> {
  const url = pathToFileURL(path).href;
  const page = await browser.newPage({
    viewport: { width: view.width, height: view.height ?? 800 },
    colorScheme: view.dark === true ? 'dark' : 'light',
    deviceScaleFactor: 1,
  });
  const requests: string[] = [];
  const told: string[] = [];
  page.on('console', (message) => told.push(message.text()));
  page.on('pageerror', (error) => told.push(error.message));
  await page.route('**/*', (route) => {
    requests.push(route.request().url());
    return route.request().url() === url ? route.continue() : route.abort();
  });
  await page.goto(url);
  return { page, requests, told };
}
