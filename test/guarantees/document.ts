import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** A test as a document names it. */
export type NamedTest = readonly [file: string, title: string];

/** One guarantee as `docs/guarantees.md` has it. */
export interface DocumentedGuarantee {
  readonly number: number;
  readonly name: string;
  /** Tests that fail when it is broken. */
  readonly proven: readonly NamedTest[];
  /** Further tests, which run other processes and so are not run against broken code. */
  readonly also: readonly NamedTest[];
}

/** The guarantees of `docs/guarantees.md`, in order. */
export function documentedGuarantees(): readonly DocumentedGuarantee[] {
  const sections = readFileSync(join(ROOT, 'docs/guarantees.md'), 'utf8')
    .split(/^## (?=\d)/m)
    .slice(1);
  return sections.map((section) => {
    const heading = /^(\d+)\. (.+)$/m.exec(section);
    return {
      number: Number(heading?.[1]),
      name: heading?.[2] ?? '',
      proven: named(section, /^- (test\/\S+): (.+)$/gm),
      also: named(section, /^- also (test\/\S+): (.+)$/gm),
    };
  });
}

function named(section: string, line: RegExp): NamedTest[] {
  return Array.from(section.matchAll(line), (m) => [m[1] as string, m[2] as string] as const);
}
