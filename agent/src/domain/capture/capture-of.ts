import type {
  Capture,
  CapturedTensor,
  CapturePolicy,
  DeviceId,
  ReleaseDocument,
  Sha256,
  SlotName,
} from "@modelfleet/protocol";
import type { Tensor } from "../tensor.ts";

/** One answered request that is to be kept. */
export interface CapturedRequest {
  readonly device: DeviceId;
  readonly slot: SlotName;
  readonly staged: { readonly release: Sha256; readonly document: ReleaseDocument };
  readonly id: string | undefined;
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  readonly atMs: number;
}

/** What is kept of it: every tensor but those the policy leaves out, whose names stay. */
export function captureOf(policy: CapturePolicy, request: CapturedRequest): Capture {
  const { device, slot, staged, id, inputs, outputs, atMs } = request;
  const { model, version } = staged.document;
  const all = [
    ...inputs.map((tensor) => ({ role: "input", tensor }) as const),
    ...outputs.map((tensor) => ({ role: "output", tensor }) as const),
  ];
  const left = new Set(policy.redact ?? []);
  const kept = all.filter(({ tensor }) => !left.has(tensor.name));
  return {
    header: {
      ...{ spec: 1, policy: policy.id, strategy: policy.strategy },
      ...{ device, slot, release: staged.release, model, version, atMs },
      ...(id === undefined ? {} : { id }),
      redacted: all.flatMap(({ tensor: { name } }) => (left.has(name) ? [name] : [])),
      tensors: kept.map(specOf),
    },
    tensors: kept.map(({ tensor }) => tensor.bytes),
  };
}

function specOf({
  role,
  tensor,
}: {
  readonly role: CapturedTensor["role"];
  readonly tensor: Tensor;
}): CapturedTensor {
  const { name, dtype, shape, bytes } = tensor;
  return { role, name, dtype, shape: [...shape], bytes: bytes.length };
}
