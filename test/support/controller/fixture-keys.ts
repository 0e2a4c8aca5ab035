import type { Keys } from "../../../controller/src/ports/keys.ts";
import { fleetKeys, fleetRoot } from "../trust-fixtures.ts";

/** The keys of the fixture fleet, all on this controller. */
export function fixtureKeys(): Keys {
  const root = fleetRoot();
  return {
    root: () => root,
    rootAt: (version) => (version === root.document.version ? root.bytes : undefined),
    adoptRoot: () => Promise.reject(new Error("expected no other root in this test")),
    online: () => fleetKeys.online,
    release: () => fleetKeys.release,
  };
}
