import { HttpError } from "../problems/http-error.ts";

/** How many downloads run at once; who comes too many is told to come again. */
export class DownloadSlots {
  readonly #max: number;
  #taken = 0;

  constructor(max: number) {
    this.#max = max;
  }

  /**
   * @returns gives the place back, once however often it is called
   * @throws HttpError DOWNLOADS_TOO_MANY
   */
  take(): () => void {
    if (this.#taken >= this.#max) {
      throw new HttpError(
        "DOWNLOADS_TOO_MANY",
        `expected at most ${this.#max} downloads at once: try again later`,
      );
    }
    this.#taken += 1;
    let isTaken = true;
    return () => {
      if (isTaken) this.#taken -= 1;
      isTaken = false;
    };
  }
}
