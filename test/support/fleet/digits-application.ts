import { loadDigits, PIXELS } from "../../../examples/digits/dataset.ts";
import { seededRandom } from "../random.ts";
import { askDevice } from "./ask-device.ts";

const rowsPerRequest = 64;
/** What the feature `ink.band5` looks at. */
const band5 = { from: 560, until: 672 };

/** What an application's camera looks through; the test changes it meanwhile. */
export interface Lens {
  /** The least ink it sees in `band5`; 0: it is clean. The reference knows of up to 0.48. */
  stain: number;
}

export interface DigitsApplication {
  /** Of each answer so far: which status, how often. */
  readonly statuses: ReadonlyMap<number, number>;
  readonly stop: () => Promise<void>;
}

/** Asks a device for held-out digits, as fast as it answers, until it is told to stop. */
export async function startDigitsApplication(
  socketPath: string,
  lens: Lens,
  seed: number,
): Promise<DigitsApplication> {
  const digits = (await loadDigits()).heldOut;
  const random = seededRandom(seed);
  const statuses = new Map<number, number>();
  const camera = { isStopped: false };
  const ask = async () => {
    const data = Array.from({ length: rowsPerRequest }, () => {
      const pixels = digits[random.below(digits.length)]?.pixels ?? [];
      return Array.from(pixels, (ink, at) =>
        at >= band5.from && at < band5.until ? Math.max(ink, lens.stain) : ink,
      );
    }).flat();
    const input = { name: "x", datatype: "FP32", shape: [rowsPerRequest, PIXELS], data };
    const { status } = await askDevice(socketPath, "/v2/models/digits/infer", { inputs: [input] });
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
  };
  const done = (async () => {
    while (!camera.isStopped) await ask();
  })();
  return {
    statuses,
    stop: () => {
      camera.isStopped = true;
      return done;
    },
  };
}
