import { errorContent, type Content } from './answers.js';
import { ApiFault } from './api-fault.js';
import type { CheckedOrgOptions } from './options.js';
import { identifier } from './random.js';
import { RateLimits, type RateReading } from './rate-limits.js';
import type { Fault, OrgAnswer, OrgBucket, OrgReply, OrgRequest } from './types.js';
import type { ViolationLog } from './violations.js';

/** One request while the org processes it. */
export interface Passage {
  readonly request: OrgRequest;
  readonly index: number;
  readonly now: number;
  readonly bucket: OrgBucket;
  readonly fault: Fault | undefined;
  items: number;
}

const PAGE = '<!DOCTYPE html><html><body><h1>502 Bad Gateway</h1></body></html>';

const HTML = Object.freeze({ 'content-type': 'text/html' });

/** The common steps for every request: faults, rate limits, and the format of errors. */
export class Gate {
  readonly #options: CheckedOrgOptions;
  readonly #limits: RateLimits;
  readonly #violations: ViolationLog;

  constructor(options: CheckedOrgOptions, violations: ViolationLog) {
    this.#options = options;
    this.#violations = violations;
    this.#limits = new RateLimits(
      (bucket) => options.rateLimits[bucket] ?? options.rateLimit,
      options.concurrencyLimit,
    );
  }

  /** Processes the request, now or later, unless a fault or a limit prevents it, and returns the reply. */
  pass(passage: Passage, act: () => Content, actLater: () => void): OrgReply {
    const reply = this.#reply(passage, act, actLater);
    if (reply.kind !== 'refused') this.#limits.occupy(passage.now + reply.delayMs, passage.now);
    return reply;
  }

  #reply(passage: Passage, act: () => Content, actLater: () => void): OrgReply {
    const { bucket, now, fault } = passage;
    const delayMs = this.#options.latencyMs;
    switch (fault?.kind) {
      case 'refuse':
        return { kind: 'refused' };
      case 'resetBefore':
        return { kind: 'reset', acted: false, delayMs };
      case 'concurrencyLimit':
        return this.#answer(passage, this.#tooMany(passage), this.#busyReading(now));
      case 'rateLimit':
        this.#limits.exhaust(bucket, now);
    }
    if (this.#limits.busy(now)) return this.#answer(passage, this.#tooMany(passage), this.#busyReading(now));
    if (this.#limits.wasReported(bucket, now, this.#options.noticeMs)) {
      this.#violations.add('exhausted-window', undefined, `${passage.request.method} into ${bucket}`);
    }
    const taken = this.#limits.count(bucket, now);
    const reading = this.#limits.read(bucket, now);
    if (!taken) return this.#answer(passage, this.#tooMany(passage), reading);
    const instead = faultInstead(fault);
    if (instead !== undefined) {
      return this.#answer(passage, errorContent(instead, this.#errorId(passage)), reading);
    }
    if (fault?.kind === 'late') {
      actLater();
      return { kind: 'reset', acted: false, delayMs };
    }
    const content = this.#guarded(passage, act);
    switch (fault?.kind) {
      case 'resetAfter':
        return { kind: 'reset', acted: true, delayMs };
      case 'errorAfter':
        return this.#answer(passage, errorContent(internalError(), this.#errorId(passage)), reading);
      case 'html':
        return this.#answer(passage, page(content.status), reading);
      case 'truncated':
        // A response without a body cannot be truncated: its headers are cut instead.
        if (content.body === '') return { kind: 'reset', acted: true, delayMs };
        return this.#answer(passage, content, reading, { cut: true });
      case 'slow':
        return this.#answer(passage, content, reading, { delayMs: fault.delayMs ?? this.#options.slowMs });
      default:
        return this.#answer(passage, content, reading);
    }
  }

  /** Processes the request. Turns an {@link ApiFault} into its response and, if a rule was violated, records the violation. */
  #guarded(passage: Passage, act: () => Content): Content {
    try {
      return act();
    } catch (error) {
      if (!(error instanceof ApiFault)) throw error;
      if (error.rule !== undefined) {
        this.#violations.add(error.rule, sessionIn(passage.request.path), error.causes.join('; '));
      }
      return errorContent(error, this.#errorId(passage));
    }
  }

  #answer(
    passage: Passage,
    content: Content,
    reading: RateReading,
    { delayMs = this.#options.latencyMs, cut = false } = {},
  ): OrgAnswer {
    // A truncated or late response may never be read: only information that certainly reached the client counts.
    if (!cut && passage.fault?.kind !== 'slow') {
      this.#limits.report(passage.bucket, reading, passage.now + delayMs);
    }
    return {
      kind: 'answer',
      status: content.status,
      headers: {
        ...content.headers,
        date: new Date(passage.now).toUTCString(),
        'x-okta-request-id': identifier(24, this.#options.seed, 4, passage.index),
        'x-rate-limit-limit': String(reading.limit),
        'x-rate-limit-remaining': String(reading.remaining),
        'x-rate-limit-reset': String(reading.reset),
      },
      body: cut ? content.body.slice(0, Math.floor(content.body.length / 2)) : content.body,
      delayMs,
      cut,
    };
  }

  #tooMany(passage: Passage): Content {
    return errorContent(new ApiFault(429, 'E0000047'), this.#errorId(passage));
  }

  /** "Limit 0 and remaining 0" means the concurrency limit; its reset is only a hint. */
  #busyReading(now: number): RateReading {
    return { limit: 0, remaining: 0, reset: Math.ceil(now / 1000) + 60 };
  }

  #errorId({ index }: Passage): string {
    return `oae${identifier(17, this.#options.seed, 5, index)}`;
  }
}

/** An HTML page instead of the response, with the status of the response if possible, so that a client must check the body. */
function page(status: number): Content {
  return { status: status < 300 && status !== 204 ? status : 502, body: PAGE, headers: HTML };
}

function internalError(): ApiFault {
  return new ApiFault(500, 'E0000009');
}

/** The response of a fault that prevents the processing. */
function faultInstead(fault: Fault | undefined): ApiFault | undefined {
  switch (fault?.kind) {
    case 'unavailable':
      return new ApiFault(503, 'E0000010');
    case 'errorBefore':
      return internalError();
    case 'unauthorized':
      return new ApiFault(401, 'E0000011');
    case 'notFound':
      return new ApiFault(404, 'E0000007');
    default:
      return undefined;
  }
}

function sessionIn(path: string): string | undefined {
  return /\/sessions\/([^/?]+)/.exec(path)?.[1];
}
