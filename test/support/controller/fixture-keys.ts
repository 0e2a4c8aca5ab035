import { acceptNextRoot, keyIdOf, type Signer, type VerifiedRoot } from "@modelfleet/protocol";
import type { Keys } from "../../../controller/src/ports/keys.ts";
import { fleetKeys, fleetRoot, seedSigner } from "../trust-fixtures.ts";

/** The online key that a next root of a test may name. */
export const secondOnline: Signer = seedSigner("online 2");

/** The keys of the fixture fleet, all on this controller, and one online key more. */
export function fixtureKeys(): Keys {
  const roots: VerifiedRoot[] = [fleetRoot()];
  const newest = (): VerifiedRoot => roots.at(-1) ?? fleetRoot();
  return {
    root: newest,
    rootAt: (version) => roots.find(({ document }) => document.version === version)?.bytes,
    adoptRoot: async (bytes) => {
      roots.push(await Promise.resolve(acceptNextRoot(newest(), bytes)));
      return newest();
    },
    online: () => {
      const { keyids } = newest().document.roles.online;
      return keyids.includes(keyIdOf(secondOnline.publicKey)) ? secondOnline : fleetKeys.online;
    },
    release: () => fleetKeys.release,
  };
}
