import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** The files that take longest, the longest first. They start first, so that no core is left with one of them at the end. */
const LONGEST = [
  'services/postgres-kill',
  'simulation/seeds-1',
  'simulation/seeds-2',
  'simulation/seeds-3',
  'simulation/seeds-4',
  'services/postgres-simulation',
  'services/postgres-simulation-2',
  'examples/guides',
  'kill/kill',
  'state/lmdb/digest-cache',
  'properties/packing',
  'simulation/simulation',
  'docs',
  'cli/pseudo-terminal',
  'bench/bench',
  'report/browser',
  'examples/fleet/fleet',
  'examples/examples',
  'services/postgres-writer',
  'state/lmdb/killed',
  'cli/explain',
  'cli/sync',
  'cli/json-events',
  'flow/pipe-errors',
  'public-symbols',
].map((name) => `/test/${name}.test.ts`);

/** The usual order of Vitest, but the longest files of each project come first. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const usual = await super.sort(files);
    const projects = [...new Set(usual.map(({ project }) => project.name))];
    const place = ({ project, moduleId }: TestSpecification) => {
      const at = LONGEST.findIndex((name) => moduleId.endsWith(name));
      return projects.indexOf(project.name) * 2 * LONGEST.length + (at === -1 ? LONGEST.length : at);
    };
    return usual.toSorted((a, b) => place(a) - place(b));
  }
}
