/**
 * Prints the errors that GitHub's own parser finds in workflows, as a list of texts for each: `tsx workflow-errors.ts`, with
 * a list of texts in JSON on standard input. A program of its own, because the parser imports JSON in a way that Node refuses.
 */
import { readFileSync } from 'node:fs';
import { NoOperationTraceWriter, parseWorkflow } from '@actions/workflow-parser';

const workflows = JSON.parse(readFileSync(0, 'utf8')) as string[];
const errors = workflows.map((content) => {
  const { context } = parseWorkflow({ name: 'workflow.yml', content }, new NoOperationTraceWriter());
  return context.errors.getErrors().map(({ message }) => message);
});
console.log(JSON.stringify(errors));
