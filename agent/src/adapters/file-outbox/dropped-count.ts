import { StoreError } from "../../domain/store-error.ts";
import type { DurableWrite, Fs } from "../../ports/fs.ts";

const textBytesMax = 32;

/** How much telemetry was given up since the device enrolled; survives restarts. */
export class DroppedCount {
  readonly #fs: Fs;
  readonly #write: DurableWrite;
  readonly #path: string;
  #count = 0;

  constructor(fs: Fs, write: DurableWrite, path: string) {
    this.#fs = fs;
    this.#write = write;
    this.#path = path;
  }

  /** A count that cannot be read begins anew. */
  async open(): Promise<void> {
    const count = Number(await this.#text().catch(() => ""));
    if (Number.isSafeInteger(count) && count > 0) this.#count = count;
  }

  count(): number {
    return this.#count;
  }

  async add(entries: number): Promise<void> {
    this.#count += entries;
    const bytes = new TextEncoder().encode(`${this.#count}\n`);
    try {
      await this.#write({ path: this.#path, bytes, permissions: 0o600 });
    } catch (cause) {
      // Room on a full disk comes from dropping; the count in memory goes out with the next report all the same.
      if (!(cause instanceof StoreError)) throw cause;
    }
  }

  async #text(): Promise<string> {
    const found = await this.#fs.stat(this.#path);
    if (found === undefined) return "";
    const text = new Uint8Array(Math.min(found.sizeBytes, textBytesMax));
    const file = await this.#fs.open(this.#path, { kind: "read" });
    const got = await file.read(text, 0).finally(() => file.close());
    return new TextDecoder().decode(text.subarray(0, got));
  }
}
