import type { Grant } from "@modelfleet/protocol";

/** Who asks for something; every change is written down under this name. */
export interface Principal {
  readonly kind: "api-key" | "oidc" | "local" | "device" | "system";
  /** Stable and unique within its kind: `key:<id>`, `oidc:<subject>`, `local`, `device:<id>`, `system`. */
  readonly id: string;
  /** Rights, each over its own models and devices. What one grant misses no other adds to (CVE-2026-33552). */
  readonly grants: readonly Grant[];
}

const everything: readonly Grant[] = [{ role: "admin", models: ["*"], labels: {} }];

/** Whoever sits at the machine of a controller that was started with --dev. */
export const localPrincipal: Principal = { kind: "local", id: "local", grants: everything };

/** What the controller does of its own accord. */
export const systemPrincipal: Principal = { kind: "system", id: "system", grants: everything };
