import { makeBatch } from '../okta/bulk-body.js';
import type { Batch } from '../core/model.js';

/** The two halves of a refused batch; undefined for a batch of one change. */
export function splitBatch(batch: Batch): readonly [Batch, Batch] | undefined {
  if (batch.changes.length < 2) return undefined;
  const middle = Math.ceil(batch.changes.length / 2);
  return [
    makeBatch(batch.entity, batch.kind, batch.changes.slice(0, middle)),
    makeBatch(batch.entity, batch.kind, batch.changes.slice(middle)),
  ];
}
