import type { RolloutPreview, RolloutRequest } from "@modelfleet/protocol";
import { permits } from "../../domain/access/permits.ts";
import type { Principal } from "../../domain/access/principal.ts";
import { assessDevice } from "../../domain/deployment/assess-device.ts";
import { checkPlan } from "../../domain/rollout/pacing/check-plan.ts";
import { previewRollout } from "../../domain/rollout/pacing/preview-rollout.ts";
import { deviceSubject } from "../../domain/rollout/selection/device-fields.ts";
import { matchesSelector } from "../../domain/rollout/selection/matches-selector.ts";
import { parseSelector } from "../../domain/rollout/selection/parse-selector.ts";
import type { ReleaseRecord } from "../../ports/release-store.ts";
import { requireRight } from "../access/require-right.ts";
import { namedRelease } from "../release/known-release.ts";
import { everyDevice } from "./every-device.ts";
import { openConflicts } from "./rollout-conflicts.ts";
import type { RolloutPorts } from "./rollout-ports.ts";

const SEED_BYTES = 32;

/** What a rollout would do, without doing it. It speaks of the caller's devices only. */
export class PreviewRollout {
  readonly #ports: RolloutPorts;

  constructor(ports: RolloutPorts) {
    this.#ports = ports;
  }

  /** @throws AccessError NOT_PERMITTED; NotFoundError; RolloutError PLAN_INVALID */
  async run({ plan, model, version }: RolloutRequest, caller: Principal): Promise<RolloutPreview> {
    const { calendar, catalog, clock, releases } = this.#ports;
    requireRight(caller, { action: "rollout.create", model });
    checkPlan(plan, calendar);
    const release = await namedRelease(releases, model, version);
    const fleet = (await everyDevice(this.#ports, "")).filter(({ labels }) =>
      permits(caller, { action: "rollout.create", model, labels }),
    );
    const selector = parseSelector(plan.select);
    const devices = fleet.filter((device) => matchesSelector(selector, deviceSubject(device)));
    const preview = previewRollout({
      plan,
      seed: Buffer.from(clock.randomBytes(SEED_BYTES)).toString("hex"),
      release: release.release,
      releaseBytes: release.document.files.reduce((sum, { size }) => sum + size, 0),
      fleet,
      reasonsOf: (device) => assessDevice(catalog, device, release),
      conflicts: await openConflicts(this.#ports, { plan, devices, except: null }),
      calendar,
      nowMs: clock.nowMs(),
    });
    return { ...preview, warnings: [...preview.warnings, ...(await this.#poison(release))] };
  }

  async #poison({ release }: ReleaseRecord): Promise<RolloutPreview["warnings"]> {
    const poison = await this.#ports.rollouts.poisoned(release);
    if (poison === undefined) return [];
    const detail = `it was rolled back by rollout ${poison.rollout} (${poison.reason}): it is rolled out again only with a reason`;
    return [{ code: "POISONED", pointer: "", detail }];
  }
}
