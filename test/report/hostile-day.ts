import type { ReportFiles } from '../../src/report/run-report.js';
import { memoryState } from '../../src/state/memory/memory-state.js';
import { sync } from '../../src/sync/sync.js';
import { clientOf, makeOrg } from '../support/world.js';
import { connected, reported } from './support.js';

/**
 * Ids that would do harm in a page, in a spreadsheet or in a CSV reader. Every second one is of a record that is rejected, as are
 * all with characters that cannot be seen.
 */
export const HOSTILE = [
  '<script>document.title="owned"</script>',
  '"><img src=x onerror=alert(1)>',
  "'; drop table users; --",
  '</style><style>*{display:none}</style>',
  '=HYPERLINK("http://evil.example","x")',
  '\t=1+1',
  '-2+3',
  'two\nlines',
  '+1+cmd|calc',
  '\r=1+1',
  '@SUM(A1)',
  'carriage\rreturn',
  'a,b;c "quoted"',
  'left \u202egnp.exe',
  '${7*7} `back`',
  'nul \u0000 byte',
  ' leading and trailing ',
  'x'.repeat(400),
];

const ATTRIBUTE = '<b onmouseover="x()">;back\\slash';

/** A day whose ids and names of attributes are of the worst: half of the records are rejected, one Okta refuses. */
export function hostileDay(directory: string): Promise<ReportFiles> {
  return reported(directory, async (world) => {
    const { clock } = world;
    const org = makeOrg({ clock, refuseItem: ({ externalId }) => externalId === HOSTILE[0] });
    const okta = clientOf(org);
    const state = memoryState();
    const day = (value: string, email: string) =>
      HOSTILE.map((externalId, i) => ({
        externalId,
        profile: { userName: `u${i}`, email: i % 2 === 0 ? `u${i}@x.example` : email, [ATTRIBUTE]: value },
      }));
    const guard = { maxRejectPercent: 100, maxUpdatePercent: 100 };
    await sync({ okta, state, users: day('one', 'a@x.example'), clock });
    return sync({ okta, state, users: day('two', 'no email'), clock, guard, ...connected(world.report) });
  });
}
