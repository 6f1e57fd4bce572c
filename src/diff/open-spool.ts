import type { Spool, StateStore } from '../state/store.js';

/** A spool of a state. If the store has none, the texts are in memory. */
export async function openSpool(state: StateStore): Promise<Spool> {
  return (await state.spool?.()) ?? new TextsInMemory();
}

class TextsInMemory implements Spool {
  #texts: string[] = [];

  async add(text: string): Promise<void> {
    this.#texts.push(text);
  }

  async *read(): AsyncGenerator<string, void, undefined> {
    yield* this.#texts;
  }

  async close(): Promise<void> {
    this.#texts = [];
  }
}
