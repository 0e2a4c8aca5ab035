import {
  DesiredDocument,
  type DeviceId,
  decodeEnvelope,
  mainSlot,
  type Sha256,
} from "@modelfleet/protocol";

/**
 * Watches what goes out to devices. An order is the first document that names a release with an attempt; the same again,
 * as the answer to a hello, is none. Between a halt and the word of a person that ends it none may go out.
 */
export class OrderWatch {
  readonly #sent = new Map<DeviceId, string>();
  #release: Sha256 | undefined;
  #isHalted = false;
  /** First orders for the release. */
  orders = 0;
  offersAfterHalt = 0;

  /** From now on it is about this one. */
  watch(release: Sha256): void {
    this.#release = release;
  }

  halted(): void {
    this.#isHalted = true;
  }

  resumed(): void {
    this.#isHalted = false;
  }

  readonly onOrder = (device: DeviceId, envelope: Uint8Array): void => {
    if (this.#release === undefined) return;
    const text = new TextDecoder().decode(decodeEnvelope(envelope).payload);
    const wanted = DesiredDocument.shape.models
      .parse((JSON.parse(text) as { models: unknown }).models)
      .find(({ slot }) => slot === mainSlot);
    if (wanted?.release !== this.#release) return;
    const order = `${wanted.release} ${wanted.attempt ?? 1}`;
    if (this.#sent.get(device) === order) return;
    this.#sent.set(device, order);
    this.orders += 1;
    if (this.#isHalted) this.offersAfterHalt += 1;
  };
}
