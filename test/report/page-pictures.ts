/**
 * Takes pictures of the report page in a real browser: `npx tsx test/report/page-pictures.ts [DIRECTORY]`. Without a
 * directory it renews the one in `docs/images`.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { launchBrowser, openPage } from './browser.js';
import { busyDay, trippedPlan } from './support.js';

const [directory] = process.argv.slice(2);
const work = mkdtempSync(join(tmpdir(), 'rollcall-pictures-'));
const browser = await launchBrowser();
try {
  const day = await busyDay(join(work, 'day'), 24_000, 50);
  const plan = await trippedPlan(join(work, 'plan'));
  const shoot = async (path: string, page: string, width: number, dark: boolean, fullPage = true) => {
    const opened = await openPage(browser, page, { width, height: 900, dark });
    await opened.page.screenshot({ path, fullPage });
    await opened.page.close();
  };
  if (directory === undefined) {
    const image = fileURLToPath(new URL('../../docs/images/report.png', import.meta.url));
    await shoot(image, day.page, 1100, false, false);
  } else {
    for (const [name, page] of Object.entries({ day: day.page, plan: plan.page }))
      for (const width of [390, 1280])
        for (const dark of [false, true])
          await shoot(join(directory, `${name}-${width}-${dark ? 'dark' : 'light'}.png`), page, width, dark);
  }
} finally {
  await browser.close();
  rmSync(work, { recursive: true });
}
