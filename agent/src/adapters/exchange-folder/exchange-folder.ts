import { join } from "node:path";
import { documentLimits, HelloMessage } from "@modelfleet/protocol";
import type { Exchange } from "../../ports/exchange.ts";
import { boundedFile } from "./bounded-file.ts";

const NONCE_BYTES = 24;

/** Paths of the exchange in an agent's data folder: what was carried here, and the nonce of what was carried away. */
export function exchangePaths(dataFolder: string) {
  const folder = join(dataFolder, "exchange");
  return { folder, bundle: join(folder, "bundle"), nonce: join(folder, "nonce") } as const;
}

/** @param remove deletes a file; not an error when there is none */
export function exchangeFolder(
  dataFolder: string,
  remove: (path: string) => Promise<void>,
): Exchange {
  const paths = exchangePaths(dataFolder);
  return {
    order: () => boundedFile(join(paths.bundle, "desired.json"), documentLimits.envelopeBytesMax),
    nonce: async () => {
      const bytes = await boundedFile(paths.nonce, NONCE_BYTES);
      const nonce = HelloMessage.shape.nonce.safeParse(new TextDecoder().decode(bytes));
      return nonce.success ? nonce.data : undefined;
    },
    forgetNonce: () => remove(paths.nonce),
  };
}
