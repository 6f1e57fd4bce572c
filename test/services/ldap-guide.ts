import { readFileSync } from 'node:fs';

const guide = readFileSync(new URL('../../docs/guides/from-ldap-or-ad.md', import.meta.url), 'utf8');
const FENCE = '```';

/** A file that the guide to LDAP shows, by the words behind `json`. */
export function guideFile(title: string): string {
  const [, text] = guide.split(`${FENCE}json ${title}\n`);
  if (text === undefined) throw new Error(`the guide has no ${title}`);
  return text.slice(0, text.indexOf(FENCE));
}
