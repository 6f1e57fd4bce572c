import { systemClock, type Clock } from '../../core/clock.js';
import type { Display, ErrorEvent, OutcomeEvent, ProgressEvent } from '../display/display.js';
import type { Environment } from '../process/environment.js';
import type { Output } from '../process/io.js';
import { Instruments } from './instruments.js';
import { ObservedDisplay, type DisplayObserver } from './observed-display.js';
import { loadSdkPackage, startSdk, type Sdk, type SdkPackage } from './sdk.js';
import { wantedSignals, type WantedSignals } from './signals.js';
import { Spans } from './spans.js';

/** The time that the end of a command waits for the collector, in milliseconds. */
const FLUSH_MS = 3000;
/** The version that this version of rollcall was tested with, and that runs on every Node that rollcall runs on. */
const INSTALL = 'npm install @opentelemetry/sdk-node@0.223';

/** The commands that read sources or call Okta. */
const OBSERVED: ReadonlySet<string> = new Set([
  'check',
  'plan',
  'sync',
  'verify',
  'explain',
  'status',
  'deactivate',
  'cancel',
]);

/** Whether a command has traces and metrics. */
export function isObserved(name: string): boolean {
  return OBSERVED.has(wordOf(name));
}

/** A name without its arguments. */
function wordOf(name: string): string {
  return name.split(' ')[0] as string;
}

/** The traces and metrics of one command. */
export interface Telemetry {
  /** The same client, with a span for each request. */
  readonly client: <T extends { readonly orgUrl: string }>(client: T) => T;
  /** The same display, whose events are counted. */
  display(display: Display): Display;
  /** Sends what is left, for three seconds at most. Never throws. */
  end(exitCode: number): Promise<void>;
}

/** What a command needs of the outside world to be observed. */
export interface TelemetryWorld {
  readonly env: Environment;
  readonly stderr: Output;
  readonly clock: Clock;
}

/**
 * Starts the traces and metrics of a command if the environment names a collector. Undefined without one, and if the SDK is missing or does
 * not start: that is a line on standard error, and the command runs without.
 */
export async function openTelemetry(
  command: string,
  world: TelemetryWorld,
  load: () => Promise<SdkPackage> = loadSdkPackage,
  flushMs = FLUSH_MS,
): Promise<Telemetry | undefined> {
  const wanted = wantedSignals(world.env);
  if (wanted === undefined) return undefined;
  try {
    const sdkPackage = await load();
    const sdk = startSdk(sdkPackage, wanted, world.env);
    return new CommandTelemetry(sdkPackage, sdk, wanted, wordOf(command), world, flushMs);
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND';
    const reason = isMissing
      ? `they need the package @opentelemetry/sdk-node, which rollcall does not install; run: ${INSTALL}`
      : 'OpenTelemetry did not start; look at the OTEL_ variables';
    world.stderr.write(
      `rollcall: ${wanted.variable} is set, but this run sends no traces and no metrics: ${reason}\n`,
    );
    return undefined;
  }
}

class CommandTelemetry implements Telemetry, DisplayObserver {
  readonly #sdk: Sdk;
  readonly #wanted: WantedSignals;
  readonly #command: string;
  readonly #world: TelemetryWorld;
  readonly #flushMs: number;
  readonly #spans: Spans;
  readonly #instruments: Instruments;
  readonly #startedAt: number;
  #code: string | undefined;

  constructor(
    { api }: SdkPackage,
    sdk: Sdk,
    wanted: WantedSignals,
    command: string,
    world: TelemetryWorld,
    flushMs: number,
  ) {
    this.#sdk = sdk;
    this.#wanted = wanted;
    this.#command = command;
    this.#world = world;
    this.#flushMs = flushMs;
    this.#spans = new Spans(api, sdk.tracer, command);
    this.#instruments = new Instruments(sdk.meter, world.clock);
    this.#startedAt = world.clock.now();
  }

  readonly client = <T extends { readonly orgUrl: string }>(client: T): T => this.#spans.client(client);

  display(display: Display): Display {
    return new ObservedDisplay(display, this);
  }

  progress(event: ProgressEvent): void {
    switch (event.type) {
      case 'abort:requested':
      case 'verify:progress':
      case 'state:busy':
        break;
      default:
        this.#spans.event(event);
        this.#instruments.event(event);
    }
  }

  outcome(event: OutcomeEvent): void {
    if (event.type === 'plan:report') this.#instruments.plan(event.plan);
  }

  error({ code, trips }: ErrorEvent): void {
    this.#code = code ?? 'ERROR';
    // The stop of a plan that was only shown is counted with the plan.
    if (this.#command !== 'plan') this.#instruments.guardStop(trips ?? []);
  }

  async end(exitCode: number): Promise<void> {
    this.#spans.end(exitCode, this.#code);
    this.#instruments.ended(this.#command, exitCode, this.#world.clock.now() - this.#startedAt);
    const isSent = await within(this.#flushMs, this.#sdk.shutdown());
    if (isSent && !this.#sdk.failed) return;
    this.#world.stderr.write(
      `rollcall: ${this.#wanted.host} did not accept all traces and metrics of this run (${this.#wanted.variable})\n`,
    );
  }
}

/** Whether a promise is kept within some milliseconds. */
async function within(milliseconds: number, work: Promise<void>): Promise<boolean> {
  const late = new AbortController();
  const done = work.then(
    () => true,
    () => false,
  );
  const timeout = systemClock.sleep(milliseconds, late.signal).then(
    () => false,
    () => false,
  );
  try {
    return await Promise.race([done, timeout]);
  } finally {
    late.abort();
  }
}
