import type { Client } from "aedes";

/**
 * Whose connections are worth nothing any more. A login that was under way while its device was expelled is worth
 * nothing either; one that began later is judged by its secret as every other.
 */
export class Expulsions {
  /** How often each was expelled; one line a device that ever was. */
  readonly #counts = new Map<string, number>();
  readonly #atLogin = new WeakMap<Client, number>();

  expel(device: string): void {
    this.#counts.set(device, this.#countOf(device) + 1);
  }

  /** This client begins to log in. */
  begin(client: Client, device: string): void {
    this.#atLogin.set(client, this.#countOf(device));
  }

  has(client: Client): boolean {
    return this.#atLogin.get(client) !== this.#countOf(client.id);
  }

  #countOf(device: string): number {
    return this.#counts.get(device) ?? 0;
  }
}
