import {
  type Declared,
  type DeviceFacts,
  decideEligibility,
  declaredFor,
  type EligibilityCode,
  type ReleaseIo,
  type Requirements,
  targetCatalog,
  type Variant,
} from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";

const facts: DeviceFacts = {
  class: "cam-v2",
  target: "raspberry-pi-4",
  os: "linux",
  arch: "arm64",
  libc: { family: "glibc", version: "2.36" },
  node: "24.21.0",
  cpuCores: 4,
  coreTypes: ["cortex-a72"],
  memoryMiB: 1160,
  memoryAvailableMiB: 1100,
  diskFreeMiB: 266,
  runtimes: [runtime({})],
  agentVersion: "1.2.0",
  protocol: 1,
};
const variant: Variant = {
  format: "onnx",
  runtime: { family: "onnxruntime", range: ">=1.20" },
  opset: 26,
  ir: 13,
  provider: "cpu",
  memoryMiBMin: 1000,
  sizeBytes: 10 * 1_048_576,
};
const io: ReleaseIo = { inputs: [tensor("image", 784)], outputs: [tensor("scores", 10)] };
const required: Requirements = {
  classes: ["cam-v1", "cam-v2"],
  protocolMin: 1,
  agentMin: "1.2.0",
  io,
  variants: [variant],
};

test("a device that has exactly what is needed may be given the release", () => {
  expect(decide({})).toEqual({ eligible: true, variant: 0, reasons: [] });
});

describe("F33: the refused neighbours of that device, each by its code", () => {
  const cases: readonly (readonly [EligibilityCode, string, Partial<DeviceFacts>])[] = [
    ["CLASS", "another class", { class: "cam-v3" }],
    ["ARCH", "another architecture than its target", { arch: "arm" }],
    ["ARCH", "another system", { os: "darwin" }],
    ["LIBC", "an older C library", { libc: { family: "glibc", version: "2.27" } }],
    ["LIBC", "another C library", { libc: { family: "musl", version: "2.36" } }],
    ["LIBC", "a C library nobody can read", { libc: { family: "glibc", version: "?" } }],
    ["RAM", "one MiB less memory", { memoryMiB: 1159 }],
    ["RAM", "less memory free at the moment", { memoryAvailableMiB: 999 }],
    ["DISK", "one MiB less disk", { diskFreeMiB: 265 }],
    ["AGENT_TOO_OLD", "an older agent", { agentVersion: "1.1.9" }],
    ["AGENT_TOO_OLD", "a pre-release of that agent", { agentVersion: "1.2.0-rc.1" }],
    ["RUNTIME_MISSING", "no runtime", { runtimes: [] }],
    ["RUNTIME_MISSING", "a runtime nobody knows", { runtimes: [runtime({ id: "ncnn" })] }],
    ["RUNTIME_MISSING", "a major version later", { runtimes: [runtime({ version: "2.0.0" })] }],
    ["RUNTIME_MISSING", "a version nobody can read", { runtimes: [runtime({ version: "new" })] }],
    ["RUNTIME_KNOWN_BAD", "a version that crashes", { runtimes: [runtime({ version: "1.21.0" })] }],
    ["OPSET", "an operator set less", { runtimes: [runtime({ opsetMax: 25 })] }],
    ["IR", "an IR version less", { runtimes: [runtime({ irMax: 12 })] }],
    ["EP_UNPROVEN", "a provider not proven yet", { runtimes: [runtime({ providers: [] })] }],
    [
      "FORMAT",
      "a runtime for other files",
      { runtimes: [runtime({ id: "tfjs", version: "4.22.0" })] },
    ],
  ];

  test.each(cases)("%s: %s", (code, _, change) => {
    const { eligible, variant, reasons } = decide({ facts: change });

    expect({ eligible, variant, codes: reasons.map((one) => one.code) }).toEqual({
      eligible: false,
      variant: null,
      codes: [code],
    });
  });

  test("PROTOCOL_TOO_OLD: a release of a later protocol", () => {
    expect(codes({ required: { protocolMin: 2 } })).toEqual(["PROTOCOL_TOO_OLD"]);
  });

  test("HELD: a device on hold, with the reason people gave", () => {
    expect(decide({ declared: { hold: "under repair" } }).reasons).toEqual([
      { code: "HELD", need: "a device that is not on hold", have: "under repair" },
    ]);
  });

  test("IO_SCHEMA: tensors that the applications do not know", () => {
    const other = { ...io, inputs: [tensor("picture", 784)] };

    expect(codes({ declared: { io: other } })).toEqual(["IO_SCHEMA"]);
  });

  test("a reason says what is needed and what is there", () => {
    expect(decide({ facts: { diskFreeMiB: 265 } }).reasons).toEqual([
      { code: "DISK", need: "10 MiB of disk", have: "9 MiB besides the 256 MiB kept free" },
    ]);
  });
});

describe("everything in the way is said at once", () => {
  test("of the device and of the variant", () => {
    expect(codes({ facts: { class: "x", memoryMiB: 300, runtimes: [] } })).toEqual([
      "CLASS",
      "RAM",
      "RUNTIME_MISSING",
    ]);
  });

  test("only of the device when a variant would fit", () => {
    const tooLarge = { ...variant, memoryMiBMin: 9_000 };

    expect(codes({ facts: { class: "x" }, required: { variants: [tooLarge, variant] } })).toEqual([
      "CLASS",
    ]);
  });

  test("once, when two variants fail for the same reason", () => {
    expect(codes({ facts: { runtimes: [] }, required: { variants: [variant, variant] } })).toEqual([
      "RUNTIME_MISSING",
    ]);
  });
});

describe("variants are tried in their order", () => {
  const onGpu = { ...variant, provider: "cuda" };
  const small = { ...variant, memoryMiBMin: 10 };

  test("the first that fits wins, though a later one fits too", () => {
    expect(decide({ required: { variants: [onGpu, variant, small] } }).variant).toBe(1);
  });

  test("the last is enough", () => {
    expect(decide({ required: { variants: [onGpu, onGpu, small] } }).variant).toBe(2);
  });

  test("a release without variants suits nobody", () => {
    expect(decide({ required: { variants: [] } }).eligible).toBe(false);
  });
});

describe("a release that may stop the one before", () => {
  const replacing = { variants: [{ ...variant, mayReplace: true as const }] };

  test("is not measured by what is free at the moment", () => {
    expect(codes({ facts: { memoryAvailableMiB: 1 }, required: replacing })).toEqual([]);
  });

  test("still has to fit into the device", () => {
    expect(codes({ facts: { memoryMiB: 1159 }, required: replacing })).toEqual(["RAM"]);
  });
});

describe("the declared side sets ceilings and proves nothing", () => {
  test("a device that claims a higher operator set than was measured is not believed", () => {
    const boastful = runtime({ version: "1.24.3", opsetMax: 99 });

    expect(codes({ facts: { runtimes: [boastful] } })).toEqual(["OPSET"]);
  });

  test("a device that did not measure has what its version is known to accept", () => {
    const silent = { opsetMax: 0, irMax: 0 };
    const newer = runtime({ version: "1.31.0", ...silent });
    const older = runtime({ version: "1.29.0", ...silent });

    expect(decide({ facts: { runtimes: [newer] } }).eligible).toBe(true);
    expect(codes({ facts: { runtimes: [older] } })).toEqual(["OPSET"]);
  });

  test("a provider the target lists but no session ran with does not count", () => {
    const jetson = { target: "jetson-orin-jp6", coreTypes: ["cortex-a78ae"] };
    const onGpu = { required: { variants: [{ ...variant, provider: "cuda" }] } };
    const proven = [runtime({ providers: ["cpu", "cuda"] })];

    expect(codes({ facts: jetson, ...onGpu })).toEqual(["EP_UNPROVEN"]);
    expect(decide({ facts: { ...jetson, runtimes: proven }, ...onGpu }).eligible).toBe(true);
  });

  test("a provider that ran but the target does not list does not count either", () => {
    const proven = [runtime({ providers: ["cpu", "cuda"] })];
    const onGpu = { required: { variants: [{ ...variant, provider: "cuda" }] } };

    expect(codes({ facts: { runtimes: proven }, ...onGpu })).toEqual(["EP_UNPROVEN"]);
  });

  test("the memory budget of a target counts though the board has more", () => {
    const large = { memoryMiB: 8_000, memoryAvailableMiB: 7_000 };
    const hungry = { variants: [{ ...variant, memoryMiBMin: 1_025 }] };

    expect(codes({ facts: large, required: hungry })).toEqual(["RAM"]);
  });

  test("a note about a board refuses nothing", () => {
    const noted = { target: "jetson-orin-jp6", runtimes: [runtime({ version: "1.24.3" })] };
    const old = { variants: [{ ...variant, opset: 25 }] };

    expect(decide({ facts: noted, required: old }).eligible).toBe(true);
  });
});

describe("onnxruntime 1.21.0 ends with SIGILL on some cores", () => {
  const bad = [runtime({ version: "1.21.0" })];
  const generic = { target: "linux-arm64-glibc", runtimes: bad };
  const modest = { variants: [{ ...variant, opset: 20, ir: 8 }] };

  test.each([
    [["cortex-a53"], ["RUNTIME_KNOWN_BAD"]],
    [["cortex-a76", "cortex-a53"], ["RUNTIME_KNOWN_BAD"]],
    [[], ["RUNTIME_KNOWN_BAD"]],
    [["cortex-a76"], ["RUNTIME_MISSING"]],
  ])("cores %j → %j", (coreTypes, expected) => {
    expect(codes({ facts: { ...generic, coreTypes }, required: modest })).toEqual(expected);
  });

  test("the target's core counts where the device does not say", () => {
    const { coreTypes: _, ...silent } = facts;
    const pi5 = { ...silent, target: "raspberry-pi-5", runtimes: bad };
    const declared = declaredFor(targetCatalog, pi5);

    const { reasons } = decideEligibility(declared, pi5, { ...required, ...modest });

    expect(reasons).toMatchObject([{ code: "RUNTIME_MISSING", need: "onnxruntime >=1.22 <2" }]);
  });
});

describe("what nobody knows", () => {
  test("a target of a later catalogue is taken for the generic one", () => {
    expect(decide({ facts: { target: "raspberry-pi-9" } }).eligible).toBe(true);
  });

  test("a platform without any target is refused", () => {
    expect(codes({ facts: { target: "x", arch: "riscv64" } })).toEqual(["TARGET_UNKNOWN"]);
  });

  test("a generic board is refused where the fleet wants known ones", () => {
    const unknown = { ...facts, target: "linux-arm64-glibc" };
    const declared = declaredFor(targetCatalog, unknown, "refuse");

    expect(decideEligibility(declared, unknown, required).reasons).toMatchObject([
      { code: "TARGET_UNKNOWN" },
    ]);
    expect(declaredFor(targetCatalog, facts, "refuse").target?.id).toBe("raspberry-pi-4");
  });

  test("a microcontroller is refused though it has a target", () => {
    const declared = declaredFor(targetCatalog, facts);
    const target = declared.target && ({ ...declared.target, class: "mcu" } as const);

    expect(decide({ declared: { target } }).reasons).toMatchObject([{ code: "TARGET_UNKNOWN" }]);
  });
});

type Change = {
  readonly declared?: Partial<Declared>;
  readonly facts?: Partial<DeviceFacts>;
  readonly required?: Partial<Requirements>;
};

function decide(change: Change) {
  const reported = { ...facts, ...change.facts };
  const declared = { ...declaredFor(targetCatalog, reported), ...change.declared };
  return decideEligibility(declared, reported, { ...required, ...change.required });
}

function codes(change: Change): readonly EligibilityCode[] {
  return decide(change).reasons.map(({ code }) => code);
}

function runtime(
  change: Partial<DeviceFacts["runtimes"][number]>,
): DeviceFacts["runtimes"][number] {
  const proven = { providers: ["cpu"], opsetMax: 26, irMax: 13 };
  return { id: "onnxruntime-node", version: "1.30.0", ...proven, ...change };
}

function tensor(name: string, size: number) {
  return { name, dtype: "float32" as const, shape: [-1, size] };
}
