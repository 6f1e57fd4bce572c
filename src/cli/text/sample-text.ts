import type { SampleOutcome, SampleReport } from '../../core/sample-results.js';
import { differenceId } from '../../core/verify-results.js';
import { count, plural, printable } from './words.js';

const WORDS: Readonly<Record<SampleOutcome, string>> = Object.freeze({
  same: 'as sent',
  missing: 'missing',
  differing: 'differing',
  foreign: 'still there after the deletion',
  undetermined: 'undetermined',
});

/** What Okta has of some of the confirmed changes of a run, as text. Empty without a sample. */
export function sampleLines(sample: SampleReport | undefined): string[] {
  if (sample === undefined) return [];
  const { confirmed, counts, differences, examples, repaired, notes } = sample;
  const chosen = Object.values(counts).reduce((sum, n) => sum + n, 0);
  const found = (Object.keys(WORDS) as SampleOutcome[])
    .filter((outcome) => counts[outcome] > 0)
    .map((outcome) => `${count(counts[outcome])} ${WORDS[outcome]}`);
  const more = differences - examples.length;
  return [
    '',
    `Read back ${count(chosen)} of ${plural(confirmed, 'confirmed change')}${found.length === 0 ? '.' : `: ${found.join(', ')}.`}`,
    ...examples.map((difference) => {
      const { entity, status, attributes } = difference;
      const names = attributes.length === 0 ? '' : `: ${attributes.join(', ')}`;
      const what = WORDS[status as SampleOutcome];
      return printable(`  ${entity.slice(0, -1)} ${differenceId(difference)} ${what}${names}`);
    }),
    ...(more > 0 ? [`  and ${count(more)} more; rollcall verify finds all of them`] : []),
    ...notes.map(printable),
    ...(repaired === 0
      ? []
      : [
          `The state doubts ${plural(repaired, 'row')} now: the next sync sends ${repaired === 1 ? 'it' : 'them'} again.`,
        ]),
  ];
}
