import { Inject, Injectable, StreamableFile } from "@nestjs/common";
import { HttpError } from "../problems/http-error.ts";
import type { ReadRoot } from "../services.ts";

export const READ_ROOT = Symbol("ReadRoot");

@Injectable()
export class SendRoot {
  readonly #readRoot: ReadRoot;

  constructor(@Inject(READ_ROOT) readRoot: ReadRoot) {
    this.#readRoot = readRoot;
  }

  /** @throws HttpError ROOT_UNKNOWN */
  run(version: string): StreamableFile {
    const bytes = /^[1-9]\d{0,14}$/.test(version) ? this.#readRoot(Number(version)) : undefined;
    if (bytes === undefined) {
      throw new HttpError("ROOT_UNKNOWN", "expected the version of a root document of this fleet");
    }
    return new StreamableFile(bytes);
  }
}
