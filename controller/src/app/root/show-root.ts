import type { RootView } from "@modelfleet/protocol";
import type { Clock } from "../../ports/clock.ts";
import type { Keys } from "../../ports/keys.ts";
import { rootView } from "./root-view.ts";

/** The root in force, and how long it will be. */
export class ShowRoot {
  readonly #ports: { readonly keys: Keys; readonly clock: Clock };

  constructor(ports: { readonly keys: Keys; readonly clock: Clock }) {
    this.#ports = ports;
  }

  run(): RootView {
    return rootView(this.#ports.keys, this.#ports.clock.nowMs());
  }
}
