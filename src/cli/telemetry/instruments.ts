import type { Counter, Histogram, Meter } from '@opentelemetry/api';
import type { Clock } from '../../core/clock.js';
import { ENTITIES } from '../../core/model.js';
import type { GuardTrip, Plan } from '../../core/results.js';
import type { SyncEvent } from '../../events/events.js';
import { metrics, type MetricAttributes } from '../../events/metrics.js';

const SECOND = 1000;
/** The bounds of durations, in milliseconds: a day without changes takes seconds, a first load takes hours. */
const BOUNDS = [0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600, 10_800, 36_000, 86_400].map((n) => n * SECOND);

/** The instruments of a meter, created on first use: the metrics of the library, and those of a command. */
export class Instruments {
  /** Counts an event of a run. */
  readonly event: (event: SyncEvent) => void;
  readonly #meter: Meter;
  readonly #clock: Clock;
  readonly #counters = new Map<string, Counter>();
  readonly #histograms = new Map<string, Histogram>();

  constructor(meter: Meter, clock: Clock) {
    this.#meter = meter;
    this.#clock = clock;
    this.event = metrics(
      {
        add: (name, value, attributes) => this.#add(name, value, attributes),
        record: (name, milliseconds, attributes) => this.#record(name, milliseconds, attributes),
      },
      clock,
    );
  }

  /** Counts a plan that is not sent, which has no events. */
  plan(plan: Plan): void {
    for (const entity of ENTITIES) {
      const source = plan.sources[entity];
      if (source === undefined) continue;
      this.event({ type: 'source:end', entity, read: source.read, rejected: source.rejected });
    }
    for (const rejection of plan.rejections) this.event({ type: 'record:rejected', rejection });
    const now = new Date(this.#clock.now());
    this.event({ type: 'plan:ready', plan, sources: plan.sources, earliestEnd: now, estimatedEnd: now });
    this.guardStop(plan.trips);
  }

  /** Counts the limits that a stopped plan exceeds. */
  guardStop(trips: readonly GuardTrip[]): void {
    for (const { entity, rule } of trips) this.#add('rollcall.guard.stops', 1, { entity, rule });
  }

  /** Records the end of a command. */
  ended(command: string, exitCode: number, milliseconds: number): void {
    this.#record('rollcall.run.duration', milliseconds, { command, exit_code: String(exitCode) });
  }

  #add(name: string, value: number, attributes: MetricAttributes): void {
    let counter = this.#counters.get(name);
    if (counter === undefined) this.#counters.set(name, (counter = this.#meter.createCounter(name)));
    counter.add(value, attributes);
  }

  #record(name: string, milliseconds: number, attributes: MetricAttributes): void {
    let histogram = this.#histograms.get(name);
    if (histogram === undefined) {
      const options = { unit: 'ms', advice: { explicitBucketBoundaries: BOUNDS } };
      this.#histograms.set(name, (histogram = this.#meter.createHistogram(name, options)));
    }
    histogram.record(milliseconds, attributes);
  }
}
