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
  run(version: number): StreamableFile {
    const bytes = this.#readRoot(version);
    if (bytes === undefined) {
      throw new HttpError(
        "ROOT_UNKNOWN",
        `expected the version of a root document of this fleet, got ${version}`,
      );
    }
    return new StreamableFile(bytes);
  }
}
