import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CHROMIUM, hasBrowser, launchBrowser, openPage } from './browser.js';
import { hostileDay } from './hostile-day.js';
import { hostileVerify } from './hostile-verify.js';
import { busyDay, trippedPlan } from './support.js';

const available = hasBrowser();
if (!available) console.log(`the report page is not tried in a browser: there is no ${CHROMIUM}`);

/** What a browser shows of a piece of text. */
interface ShownText {
  readonly text: string;
  readonly contrast: number;
}

/** Every visible text of the page with its contrast (WCAG 2) to what is painted behind it. */
function shownTexts(page: Page): Promise<ShownText[]> {
  // In the page, as text: what is typed here knows nothing of a browser's globals.
  return page.evaluate(`(() => {
    const parse = (color) => {
      const [r, g, b, a = 1] = color.match(/[\\d.]+/g).map(Number);
      return { rgb: [r, g, b], a };
    };
    const luminance = (rgb) => {
      const [r, g, b] = rgb.map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const ground = (element) => {
      for (let at = element; at; at = at.parentElement) {
        const { rgb, a } = parse(getComputedStyle(at).backgroundColor);
        if (a === 1) return rgb;
        if (a !== 0) throw new Error('half-transparent ground');
      }
      throw new Error('no ground');
    };
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const shown = [];
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const element = node.parentElement;
      const text = node.textContent.trim();
      if (text === '' || element.tagName === 'title' || !element.checkVisibility()) continue;
      const style = getComputedStyle(element);
      const inSvg = element.namespaceURI.endsWith('svg');
      // Text on a bar stands on the bar just before it.
      const behind = inSvg && element.classList.contains('on')
        ? parse(getComputedStyle(element.previousElementSibling).fill).rgb
        : ground(inSvg ? element.closest('section') : element);
      const [low, high] = [luminance(parse(inSvg ? style.fill : style.color).rgb), luminance(behind)].sort((a, b) => a - b);
      shown.push({ text, contrast: (high + 0.05) / (low + 0.05) });
    }
    return shown;
  })()`);
}

/** The colours of the body. */
function colours(page: Page): Promise<string[]> {
  return page.evaluate(
    `[getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]`,
  );
}

/** Elements that reach beyond the right edge of the window. */
function tooWide(page: Page): Promise<string[]> {
  return page.evaluate(`(() => {
    const width = document.documentElement.clientWidth;
    return [...document.body.querySelectorAll('*')]
      .filter((element) => element.checkVisibility() && element.getBoundingClientRect().right > width + 0.5)
      .map((element) => element.outerHTML.slice(0, 120));
  })()`);
}

describe.skipIf(!available)('the report page in a browser', () => {
  let directory: string;
  let browser: Browser;
  const pages: Record<string, string> = {};

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'rollcall-browser-'));
    pages['day'] = (await busyDay(join(directory, 'day'))).page;
    pages['plan'] = (await trippedPlan(join(directory, 'plan'))).page;
    pages['hostile'] = (await hostileDay(join(directory, 'hostile'))).page;
    pages['verify'] = await hostileVerify(join(directory, 'verify'));
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    rmSync(directory, { recursive: true, force: true });
  });

  for (const name of ['day', 'plan', 'hostile', 'verify']) {
    const path = () => pages[name] as string;

    it(`${name}: asks for nothing but itself, and the console stays silent`, async () => {
      const { page, requests, told } = await openPage(browser, path(), { width: 1100 });
      await page.evaluate(`document.querySelectorAll('details').forEach((details) => (details.open = true))`);
      await page.screenshot();
      expect(requests).toEqual([pathToFileURL(path()).href]);
      expect(told).toEqual([]);
      expect(await page.title()).toMatch(/ · rollcall$/);
      await page.close();
    });

    for (const width of [360, 768, 1100])
      it(`${name}: fits ${width} pixels without scrolling to the side`, async () => {
        const { page } = await openPage(browser, path(), { width });
        await page.evaluate(
          `document.querySelectorAll('details').forEach((details) => (details.open = true))`,
        );
        expect(await tooWide(page)).toEqual([]);
        expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
        await page.close();
      });

    it(`${name}: has colours of its own for the dark, and contrast enough in both`, async () => {
      const seen: string[][] = [];
      for (const dark of [false, true]) {
        const { page } = await openPage(browser, path(), { width: 1100, dark });
        await page.evaluate(
          `document.querySelectorAll('details').forEach((details) => (details.open = true))`,
        );
        const texts = await shownTexts(page);
        expect(texts.length).toBeGreaterThan(40);
        expect(texts.filter(({ contrast }) => !(contrast >= 4.5))).toEqual([]);
        seen.push(await colours(page));
        await page.close();
      }
      const [light = [], dark = []] = seen;
      expect(dark[0]).not.toBe(light[0]);
      expect(dark[1]).not.toBe(light[1]);
    });

    it(`${name}: is built of headings, captioned tables and named pictures`, async () => {
      const { page } = await openPage(browser, path(), { width: 1100 });
      const built = await page.evaluate(`(() => {
        const all = (selector) => [...document.querySelectorAll(selector)];
        return {
          h1: all('h1').length,
          levels: all('h1, h2, h3').map((heading) => heading.tagName).join(),
          tables: all('table').length,
          uncaptioned: all('table').filter((table) => !table.caption?.textContent.trim()).length,
          unscoped: all('th:not([scope])').length,
          unnamed: all('section').filter((s) => !document.getElementById(s.getAttribute('aria-labelledby'))).length,
          pictures: all('svg:not([aria-hidden])').filter((svg) => svg.getAttribute('role') !== 'img' || !svg.getAttribute('aria-label')).length,
          ids: all('[id]').length - new Set(all('[id]').map((element) => element.id)).size,
          language: document.documentElement.lang,
        };
      })()`);
      expect(built).toMatchObject({
        h1: 1,
        uncaptioned: 0,
        unscoped: 0,
        unnamed: 0,
        pictures: 0,
        ids: 0,
        language: 'en',
      });
      expect((built as { levels: string }).levels).toMatch(/^H1(,H2)+$/);
      expect((built as { tables: number }).tables).toBeGreaterThan(0);
      await page.close();
    });
  }

  it('shows hostile ids as text, letter by letter', async () => {
    const { page } = await openPage(browser, pages['hostile'] as string, { width: 1100 });
    const ids = await page.locator('#rejects ~ * .id').allTextContents();
    expect(ids).toContain('<script>document.title="owned"</script>');
    expect(ids).toContain('"><img src=x onerror=alert(1)>');
    expect(await page.title()).not.toContain('owned');
    await page.close();
  });

  it('verify: shows hostile ids as text, and is searched with the keyboard and by a screen reader', async () => {
    const { page } = await openPage(browser, pages['verify'] as string, { width: 390 });
    const ids = await page.locator('.id').allTextContents();
    expect(ids).toContain('<script>document.title="owned"</script>');
    expect(await page.title()).toMatch(/^Not as expected in Okta: /);
    const tree = await page.locator('main').ariaSnapshot();
    expect(tree).toMatch(/heading "Not as expected in Okta: .*" \[level=1\]/);
    expect(tree).toContain('heading "Missing" [level=2]');
    expect(tree).toMatch(/table "Entities that were compared, by result"/);
    const list = page.locator('details').first();
    expect(await list.getAttribute('open')).toBeNull();
    await list.locator('summary').focus();
    await page.keyboard.press('Enter');
    expect(await list.getAttribute('open')).not.toBeNull();
    const search = page.getByRole('searchbox', { name: 'Search users' }).first();
    await search.fill('document.title');
    const rows = list.locator('tbody tr');
    expect(await rows.filter({ visible: true }).count()).toBe(1);
    await page.close();
  });

  it('lists the deletions first, to search and to sort, also with the keyboard', async () => {
    const { page } = await openPage(browser, pages['plan'] as string, { width: 390 });
    expect(await page.locator('section h2').first().textContent()).toContain('Would be deleted');
    const rows = page.locator('#delete ~ .scroll').first().locator('tbody tr');
    const all = await rows.count();
    await page.getByRole('searchbox', { name: 'Search users' }).first().fill('EMP-100007');
    expect(await rows.filter({ visible: true }).allTextContents()).toHaveLength(1);
    expect(await page.locator('output').first().textContent()).toBe(`1 of ${all}`);
    await page.getByRole('searchbox', { name: 'Search users' }).first().fill('');
    const id = page.getByRole('button', { name: 'Id' }).first();
    await id.focus();
    await page.keyboard.press('Enter');
    await page.keyboard.press('Enter');
    expect(await rows.first().textContent()).toContain('emp-100199');
    const tree = await page.locator('main').ariaSnapshot();
    expect(tree).toContain(
      'heading "The guard would stop this plan: 200 users and 1 group would be deleted" [level=1]',
    );
    expect(tree).toContain('region "Would be deleted, users"');
    expect(tree).toMatch(/columnheader "Id"/);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.tagName')).toMatch(/BUTTON|INPUT|DIV/);
    await page.emulateMedia({ media: 'print' });
    const overflow = await page.evaluate("getComputedStyle(document.querySelector('.scroll')).overflow");
    expect(overflow).toBe('visible');
    await page.close();
  });

  it('needs no script to be read, and has its CSV files inside', async () => {
    const page = await browser.newPage({ javaScriptEnabled: false });
    await page.goto(pathToFileURL(pages['plan'] as string).href);
    expect(await page.locator('#delete ~ .scroll').first().locator('tbody tr').count()).toBe(200);
    expect(await page.locator('input, button').count()).toBe(0);
    const href = await page.locator('a[download="planned.csv"]').getAttribute('href');
    const [, base64 = ''] = href?.split(',') ?? [];
    expect(Buffer.from(base64, 'base64')).toEqual(
      readFileSync(join(dirname(pages['plan'] as string), 'planned.csv')),
    );
    await page.close();
  });

  it('draws every session of the run on the timeline', async () => {
    const { page } = await openPage(browser, pages['day'] as string, { width: 1100 });
    const sessions = await page.locator('#sessions ~ details tbody tr').count();
    expect(await page.locator('svg[aria-label^="Loading"] rect:not(.track)').count()).toBe(sessions);
    expect(sessions).toBeGreaterThan(3);
    await page.close();
  });
});
