import { SourceError } from '../../core/errors.js';
import type { Flow } from '../../flow/flow.js';
import { fromPages } from '../from-pages.js';
import { firstPage, nextPage, valueAt } from './next-page.js';
import { openAgent, requestPage, type Answer } from './request-page.js';
import { checkRest, type CheckedRest, type RestOptions } from './rest-options.js';

/** One row of a REST API. */
export type RestRow = Readonly<Record<string, unknown>>;

/**
 * The rows of a REST API that answers in pages of JSON. One page is requested while the rows of the one before are compared. Requests that
 * fail are repeated; redirects are not followed.
 *
 * The read counts as complete only with a proof: see {@link NextPage} and {@link RestOptions.total}. The pages are not one snapshot: a person
 * whom the service moves from a later page to an earlier one during the read is not in it. The guard and `absence` are for such services.
 *
 * @example
 * fromRest({ url: 'https://hr.example.com/people?limit=500', next: 'link', authorization: `Bearer ${process.env.HR_TOKEN}` })
 * @throws {@link OptionsError} at once for an invalid option. {@link SourceError} while reading, if the service does not answer, refuses, or
 * answers something that is not JSON; if there is no array of objects at `path`; if it is not certain that all pages were read; if a page
 * is repeated; for a number that JavaScript cannot represent.
 */
export function fromRest<T = RestRow>(options: RestOptions): Flow<T> {
  const checked = checkRest(options);
  return fromPages(pagesOf(checked) as AsyncIterable<readonly T[]>, { readAhead: true, name: checked.name });
}

function pagesOf(options: CheckedRest): AsyncIterable<readonly RestRow[]> {
  return { [Symbol.asyncIterator]: () => readPages(options) };
}

async function* readPages(options: CheckedRest): AsyncGenerator<readonly RestRow[], void, undefined> {
  const { name: file } = options;
  const agent = openAgent(options);
  const seen = new Set<string>();
  let total = 0;
  let previous = '';
  try {
    let url: URL | undefined = firstPage(options);
    for (let number = 1; url !== undefined; number++) {
      if (seen.size === seen.add(url.href).size)
        throw new SourceError(
          `page ${number} has the address of an earlier page, so the read would never end`,
          {
            file,
          },
        );
      const answer = await requestPage(url, options, agent);
      const rows = rowsOf(answer, number, options);
      // A service that ignores the parameter answers the same page for ever.
      const text = JSON.stringify(rows);
      if (rows.length > 0 && text === previous)
        throw new SourceError(
          `page ${number} has the same rows as the page before it; check the parameters`,
          { file },
        );
      previous = text;
      total += rows.length;
      url = nextPage({ ...answer, url, number, rows: rows.length, total }, options);
      if (url === undefined) requireTotal(answer, total, options);
      if (rows.length > 0) yield rows;
    }
  } finally {
    await agent.destroy();
  }
}

function rowsOf({ document }: Answer, number: number, { path, name: file }: CheckedRest): readonly RestRow[] {
  const rows = valueAt(document, path);
  const where = path === '' ? 'the document' : JSON.stringify(path);
  if (!Array.isArray(rows))
    throw new SourceError(`page ${number}: ${where} is not an array of rows`, { file });
  for (const [i, row] of rows.entries()) {
    if (typeof row !== 'object' || row === null || Array.isArray(row))
      throw new SourceError(`page ${number}: row ${i + 1} is not an object`, { file });
    for (const [column, value] of Object.entries(row as RestRow)) {
      if (Number.isInteger(value) && !Number.isSafeInteger(value))
        throw new SourceError(
          `page ${number}: row ${i + 1} has a number in ${JSON.stringify(column)} that JavaScript cannot represent; ask the service for text`,
          { file },
        );
    }
  }
  return rows as readonly RestRow[];
}

function requireTotal({ document, headers }: Answer, read: number, { total, name: file }: CheckedRest): void {
  if (total === undefined) return;
  const [, header] = /^header:(.+)$/.exec(total) ?? [];
  const found = header === undefined ? valueAt(document, total) : headers.get(header);
  const number = typeof found === 'string' && found.trim() !== '' ? Number(found) : found;
  if (typeof number !== 'number' || !Number.isSafeInteger(number))
    throw new SourceError(`the last page has no number of rows in ${JSON.stringify(total)}`, { file });
  if (number !== read)
    throw new SourceError(`the service says that it has ${number} rows, and ${read} were read; run again`, {
      file,
    });
}
