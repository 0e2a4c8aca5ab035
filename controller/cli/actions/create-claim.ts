import { ClaimCreated } from "@modelfleet/protocol";
import type { ApiOptions } from "../api-options.ts";
import { contextOf } from "../context.ts";
import { readCount, readDurationWithin, readLabels } from "../read-options.ts";
import type { Terminal } from "../terminal.ts";

export interface CreateClaimOptions extends ApiOptions {
  readonly class: string;
  readonly uses: string;
  readonly valid: string;
  readonly label: readonly string[];
  readonly device?: string;
  readonly approve?: boolean;
}

const approvalHint =
  "the device will wait there and print a fingerprint of its key; let it in by: modelfleet device approve DEVICE --fingerprint GROUPS\n";

export async function createClaim(terminal: Terminal, options: CreateClaimOptions): Promise<void> {
  const context = contextOf(terminal, options);
  const created = await context.api.call({
    method: "POST",
    path: "/v1/claims",
    answer: ClaimCreated,
    json: {
      class: options.class,
      uses: readCount("--uses", options.uses),
      lifeMs: readDurationWithin("--valid", options.valid, { min: "1s", max: "24h" }),
      labels: readLabels(options.label),
      ...(options.device === undefined ? {} : { device: options.device }),
      ...(options.approve === true ? { needsApproval: true } : {}),
    },
  });
  context.answer(created, () => created.enrolment);
  if (!context.json) {
    const ofClass = options.class === "generic" ? "" : ` --class ${options.class}`;
    terminal.err(
      `use it on the device: modelfleet agent enrol 'mf1:…' --data ./device${ofClass}\n`,
    );
    if (options.approve === true) terminal.err(approvalHint);
  }
}
