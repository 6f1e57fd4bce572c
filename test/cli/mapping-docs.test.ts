import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'jsonc-parser';
import { describe, expect, it } from 'vitest';
import { parseMapping } from '../../src/cli/mapping/load.js';
import { mappedSources } from '../../src/cli/mapping/sources.js';
import type { Mode } from '../../src/core/mode.js';
import { ENTITIES } from '../../src/core/model.js';
import { drainSources } from './mapping-support.js';
import { directory, files } from './support.js';

interface Example {
  readonly line: number;
  readonly mapping: string;
  readonly inputs: Record<string, string>;
  readonly mode: Mode;
  records?: unknown;
}

function examples(): Example[] {
  const text = readFileSync(new URL('../../docs/mapping.md', import.meta.url), 'utf8');
  const found: Example[] = [];
  for (const { 1: info = '', 2: code = '', index } of text.matchAll(/^```(.+)\n([\s\S]*?)^```$/gm)) {
    const line = text.slice(0, index).split('\n').length;
    const [language, what = ''] = info.split(' ');
    const last = found.at(-1);
    if (info === 'jsonc mapping') found.push({ line, mapping: code, inputs: {}, mode: 'full' });
    else if (info === 'jsonc mapping delta') found.push({ line, mapping: code, inputs: {}, mode: 'delta' });
    else if (language === 'csv' && last) last.inputs[what] = code;
    else if (info === 'json records' && last) last.records = parse(code);
    else throw new Error(`docs/mapping.md:${line}: a block of ${info} is not run`);
  }
  return found;
}

describe('docs/mapping.md', () => {
  it('has examples', () => expect(examples().length).toBeGreaterThan(4));

  it.each(examples())(
    'holds in its example on line $line',
    async ({ line, mapping, inputs, mode, records }) => {
      const cwd = await directory();
      await files(cwd, Object.fromEntries(Object.entries(inputs).map(([name, csv]) => [`${name}.csv`, csv])));
      const specs = Object.fromEntries(
        ENTITIES.filter((entity) => entity in inputs).map((entity) => [
          entity,
          { paths: [join(cwd, `${entity}.csv`)] },
        ]),
      );
      const sources = mappedSources(
        parseMapping(mapping, `docs/mapping.md, example on line ${line}`),
        specs,
        {
          mode,
        },
      );
      expect(await drainSources(sources, mode)).toEqual({ records, rejections: [] });
    },
  );
});
