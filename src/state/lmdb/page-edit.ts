import type { Entity } from '../../core/model.js';
import { PrintPage } from './print-page.js';
import type { NumberedPage } from './extent.js';
import type { RowFiles } from './row-files.js';
import type { OverlaidRow } from './row-overlay.js';
import { RowPage, ROWS_PER_PAGE } from './row-page.js';

/** One page being changed. */
export class PageEdit {
  readonly #number: number;
  readonly #page: RowPage;
  readonly #prints: PrintPage | undefined;
  readonly #hadPrints: boolean;

  constructor(files: RowFiles, entity: Entity, number: number) {
    this.#number = number;
    this.#hadPrints = files.has('prints', number);
    this.#page = RowPage.over(copyOf(files.page('rows', number)));
    this.#prints =
      entity === 'memberships' ? undefined : PrintPage.over(copyOf(files.page('prints', number)));
  }

  set(row: number, { fingerprint, prints, key, hash }: OverlaidRow): void {
    const slot = row % ROWS_PER_PAGE;
    this.#prints?.set(slot, prints);
    if (fingerprint === undefined) {
      this.#page.free(slot);
      return;
    }
    if (key !== undefined) this.#page.setKey(slot, key, hash);
    this.#page.setFingerprint(slot, fingerprint);
  }

  rows(): NumberedPage {
    return { number: this.#number, bytes: this.#page.toBytes() };
  }

  /** None, where the page has no prints and had none. */
  prints(): NumberedPage[] {
    if (this.#prints === undefined || (this.#prints.isEmpty && !this.#hadPrints)) return [];
    return [{ number: this.#number, bytes: this.#prints.toBytes() }];
  }
}

/** What is read holds until the next page is. */
function copyOf(bytes: Buffer | undefined): Buffer | undefined {
  return bytes === undefined ? undefined : Buffer.from(bytes);
}
