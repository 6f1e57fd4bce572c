import { join } from 'node:path';
import { ENTITIES } from '../../src/core/model.js';
import { DIFFERENCE_STATUSES, type Difference, type VerifyReport } from '../../src/core/verify-results.js';
import { createVerifyFiles } from '../../src/report/verify-files.js';
import { HOSTILE } from './hostile-day.js';

/** Writes the report of a verification with differences of every kind, some with hostile ids. Returns the path of its page. */
export async function hostileVerify(directory: string): Promise<string> {
  const all: Difference[] = DIFFERENCE_STATUSES.flatMap((status) => [
    ...HOSTILE.filter((id) => id !== '').map((externalId) => ({
      entity: 'users' as const,
      status,
      externalId,
      attributes: status === 'differing' ? ['email', ...HOSTILE.slice(0, 2)] : [],
    })),
    { entity: 'memberships' as const, status, externalId: 'g1', memberExternalId: 'u1', attributes: [] },
  ]);
  const counts = Object.fromEntries(
    ENTITIES.map((entity) => [
      entity,
      {
        same: 4000,
        ...Object.fromEntries(
          DIFFERENCE_STATUSES.map((status) => [
            status,
            all.filter((one) => one.entity === entity && one.status === status).length,
          ]),
        ),
      },
    ]),
  ) as unknown as VerifyReport['counts'];
  const files = createVerifyFiles(directory);
  for (const difference of all) files.add(difference);
  await files.finish({
    counts,
    differences: all.length,
    examples: all.slice(0, 20),
    readUsers: 'pages',
    sample: undefined,
    repaired: 2,
    inFlight: 1,
    rejected: 2,
    notes: [HOSTILE[0] as string],
    startedAt: new Date('2026-01-01T00:00:00Z'),
    endedAt: new Date('2026-01-01T00:01:30Z'),
  });
  return join(directory, 'verify.html');
}
