import { map } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { EventHub, type SyncEvent } from '../../src/events/events.js';

const done: SyncEvent = { type: 'run:done', sent: 1, remaining: 0 };
const session = (number: number): SyncEvent => ({
  type: 'session:created',
  sessionId: 's',
  number,
  requests: 1,
});
const bad = () => {
  throw new Error("somebody else's fault");
};

describe('events', () => {
  it('are told to the listener from the first on, and to subscribers from when they subscribe', () => {
    const heard: SyncEvent[] = [];
    const seen: SyncEvent[] = [];
    const hub = new EventHub((event) => heard.push(event));
    hub.emit(session(1));
    hub.events$.subscribe((event) => seen.push(event));
    hub.emit(session(2));
    hub.emit(done);
    expect(heard).toEqual([session(1), session(2), done]);
    expect(seen).toEqual([session(2), done]);
  });

  it('go on when a listener or a subscriber throws, also behind an operator', () => {
    const seen: unknown[] = [];
    const hub = new EventHub(bad);
    hub.events$.subscribe(bad);
    hub.events$.pipe(map(({ type }) => type)).subscribe({ next: bad, complete: bad });
    hub.events$.pipe(map(({ type }) => type)).subscribe((type) => seen.push(type));
    hub.emit(session(1));
    hub.emit(done);
    hub.complete();
    expect(seen).toEqual(['session:created', 'run:done']);
  });

  it('are one Observable, which completes with the run, also when it is asked for later', () => {
    const ends: string[] = [];
    const hub = new EventHub();
    hub.events$.subscribe({ complete: () => ends.push('before') });
    expect(hub.events$).toBe(hub.events$);
    hub.complete();
    hub.events$.subscribe({ complete: () => ends.push('after') });
    const unasked = new EventHub();
    unasked.emit(done);
    unasked.complete();
    unasked.events$.subscribe({ next: bad, complete: () => ends.push('never asked before') });
    expect(ends).toEqual(['before', 'after', 'never asked before']);
  });
});
