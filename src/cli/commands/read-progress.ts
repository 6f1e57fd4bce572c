import type { Entity } from '../../core/model.js';
import type { Display } from '../display/display.js';

/** The entities after which the progress is shown. */
const STEP = 5000;

/** A listener that shows how much of Okta was read, after some thousand entities more. */
export function showReadProgress(display: Display): (entity: Entity, read: number) => void {
  const steps = new Map<Entity, number>();
  return (entity, read) => {
    const step = Math.floor(read / STEP);
    if (step === (steps.get(entity) ?? 0)) return;
    steps.set(entity, step);
    display.progress({ type: 'verify:progress', entity, read });
  };
}
