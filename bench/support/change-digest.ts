import { createHash } from 'node:crypto';

/** A digest of changes that does not depend on their order: the sum of their hashes. */
export class ChangeDigest {
  #sum = 0n;

  add(kind: string, externalId: string, content: Readonly<Record<string, unknown>> = {}): void {
    const names = Object.keys(content).sort();
    const text = JSON.stringify([kind, externalId, names.map((name) => [name, content[name]])]);
    const hash = createHash('sha256').update(text).digest('hex').slice(0, 32);
    this.#sum = BigInt.asUintN(128, this.#sum + BigInt(`0x${hash}`));
  }

  /** Adds every entry of the body of a bulk request. */
  addBody(kind: string, body: string): void {
    const parsed = JSON.parse(body) as {
      readonly profiles?: readonly {
        readonly externalId: string;
        readonly profile?: Record<string, unknown>;
      }[];
      readonly memberships?: readonly {
        readonly groupExternalId: string;
        readonly memberExternalIds: readonly string[];
      }[];
    };
    for (const { externalId, profile } of parsed.profiles ?? []) this.add(kind, externalId, profile);
    for (const { groupExternalId, memberExternalIds } of parsed.memberships ?? [])
      for (const member of memberExternalIds) this.add(kind, groupExternalId, { member });
  }

  toString(): string {
    return this.#sum.toString(16);
  }
}
