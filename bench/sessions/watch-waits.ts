import type { Transport } from 'rollcall/okta';
import type { Waits } from './scenario.js';

/** Notes when sessions are created and triggered. It looks at the calls alone, so it believes nothing that the client says. */
export class WaitWatch {
  readonly #now: () => number;
  readonly #ms: number[] = [];
  readonly #refusedBefore: number[] = [];
  #triggeredAt: number | undefined;
  #refused = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  get waits(): Waits {
    return { ms: [...this.#ms], refused: [...this.#refusedBefore] };
  }

  /** Forgets what it has seen. */
  restart(): void {
    this.#triggeredAt = undefined;
    this.#ms.length = 0;
    this.#refusedBefore.length = 0;
    this.#refused = 0;
  }

  /** A transport whose calls are watched. */
  around(transport: Transport): Transport {
    return async (request) => {
      const answer = await transport(request);
      if (request.method !== 'POST') return answer;
      const { pathname } = new URL(request.url);
      if (pathname.endsWith('/sessions')) this.#creation(answer.status);
      else if (pathname.endsWith('/start-import') && answer.status < 300) this.#triggeredAt = this.#now();
      return answer;
    };
  }

  #creation(status: number): void {
    // 429 is a rate limit and says nothing about the wait.
    if (status >= 300) {
      if (status !== 429) this.#refused++;
      return;
    }
    if (this.#triggeredAt !== undefined) {
      this.#ms.push(this.#now() - this.#triggeredAt);
      this.#refusedBefore.push(this.#refused);
    }
    this.#refused = 0;
  }
}
