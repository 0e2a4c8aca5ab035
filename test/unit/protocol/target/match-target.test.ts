import {
  coreTypesOf,
  matchTarget,
  type Probe,
  probeHolds,
  type ReadText,
  targetCatalog,
  targetOverrideFile,
} from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";

const DEVICE_TREE = "/proc/device-tree/compatible";
const arm64 = { os: "linux", arch: "arm64", libc: { family: "glibc", version: "2.36" } } as const;
const x64 = { os: "linux", arch: "x64", libc: { family: "glibc", version: "2.36" } } as const;
const arm = { os: "linux", arch: "arm", libc: { family: "glibc", version: "2.36" } } as const;
const pi4 = { [DEVICE_TREE]: "raspberrypi,4-model-b\0brcm,bcm2711\0" };

describe("a board is known by what it shows", () => {
  test.each([
    ["raspberry-pi-4", arm64, pi4],
    ["raspberry-pi-5", arm64, { [DEVICE_TREE]: "raspberrypi,5-model-b\0brcm,bcm2712\0" }],
    [
      "jetson-orin-jp6",
      arm64,
      {
        [DEVICE_TREE]: "nvidia,p3768-0000+p3767-0000\0nvidia,tegra234\0",
        "/etc/nv_tegra_release": "# R36 (release), REVISION: 4.3, GCID: 1, BOARD: generic",
      },
    ],
    ["industrial-pc-x64", x64, { "/sys/class/dmi/id/chassis_type": "34\n" }],
    [
      "industrial-pc-x64",
      x64,
      {
        "/sys/class/dmi/id/chassis_type": "3\n",
        "/sys/class/dmi/id/sys_vendor": "SIEMENS AG\n",
        "/sys/class/dmi/id/product_name": "SIMATIC IPC227G\n",
      },
    ],
  ])("%s", (id, platform, files) => {
    const match = matchTarget(targetCatalog, { platform, read: reading(files) });

    expect(match).toMatchObject({ kind: "board", target: { id } });
  });

  test("a Jetson with another JetPack is an unknown board, not a JetPack 6 one", () => {
    const files = {
      [DEVICE_TREE]: "nvidia,tegra234\0",
      "/etc/nv_tegra_release": "# R35 (release)",
    };

    const match = matchTarget(targetCatalog, { platform: arm64, read: reading(files) });

    expect(match).toMatchObject({ kind: "generic", target: { id: "linux-arm64-glibc" } });
  });

  test("a Raspberry Pi 4 under a 32-bit system is the 32-bit target", () => {
    const match = matchTarget(targetCatalog, { platform: arm, read: reading(pi4) });

    expect(match).toMatchObject({ kind: "generic", target: { id: "linux-armv7-glibc" } });
  });
});

describe("an unknown board", () => {
  test("is the generic target of its architecture", () => {
    const match = matchTarget(targetCatalog, { platform: x64, read: reading({}) });

    expect(match).toMatchObject({ kind: "generic", target: { id: "linux-x64-glibc" } });
  });

  test("is nothing where the fleet refuses unknown boards", () => {
    const match = matchTarget(targetCatalog, { platform: x64, read: reading({}) }, "refuse");

    expect(match.kind).toBe("unknown");
  });

  test.each([
    ["another C library", { ...x64, libc: { family: "musl", version: "1.2.4" } }],
    ["a C library that is too old", { ...x64, libc: { family: "glibc", version: "2.27" } }],
    ["another architecture", { ...x64, arch: "riscv64" }],
    ["another system", { ...x64, os: "darwin" }],
  ] as const)("of %s is nothing", (_, platform) => {
    const match = matchTarget(targetCatalog, { platform, read: reading({}) });

    if (match.kind !== "unknown") throw new Error(`got ${match.kind}`);
    expect(match.why).toContain(platform.libc.version);
  });
});

describe("the override file", () => {
  test("wins over every probe", () => {
    const files = { ...pi4, [targetOverrideFile]: "linux-arm64-glibc\n" };

    const match = matchTarget(targetCatalog, { platform: arm64, read: reading(files) });

    expect(match).toMatchObject({ kind: "override", target: { id: "linux-arm64-glibc" } });
  });

  test("with a name nobody knows is an error and no reason to guess", () => {
    const files = { ...pi4, [targetOverrideFile]: "raspberry-pi-9" };

    const match = matchTarget(targetCatalog, { platform: arm64, read: reading(files) });

    if (match.kind !== "unknown") throw new Error(`got ${match.kind}`);
    expect(match.why).toContain('got "raspberry-pi-9"');
  });

  test("that is empty says nothing", () => {
    const files = { ...pi4, [targetOverrideFile]: "\n" };

    const match = matchTarget(targetCatalog, { platform: arm64, read: reading(files) });

    expect(match.kind).toBe("board");
  });
});

describe("a probe", () => {
  test("with neither contains nor equals holds nowhere", () => {
    const probe: Probe = { dmi: "sys_vendor" };

    expect(probeHolds(probe, () => "anything")).toBe(false);
  });

  test("of several holds only when each does", () => {
    const probe: Probe = {
      all: [
        { dmi: "sys_vendor", equals: "A" },
        { dmi: "product_name", contains: "B" },
      ],
    };

    expect(probeHolds(probe, (path) => (path.endsWith("vendor") ? "A\n" : "xBx\n"))).toBe(true);
    expect(probeHolds(probe, (path) => (path.endsWith("vendor") ? "AA\n" : "xBx\n"))).toBe(false);
    expect(probeHolds(probe, (path) => (path.endsWith("vendor") ? "A\n" : null))).toBe(false);
  });
});

describe("the kinds of core of a CPU", () => {
  const core = (implementer: string, part: string) =>
    `processor\t: 0\nCPU implementer\t: ${implementer}\nCPU architecture: 8\nCPU part\t: ${part}\n\n`;

  test("are named once each", () => {
    expect(coreTypesOf(core("0x41", "0xd08").repeat(4))).toEqual(["cortex-a72"]);
    expect(coreTypesOf(core("0x41", "0xd03") + core("0x41", "0xd08"))).toEqual([
      "cortex-a53",
      "cortex-a72",
    ]);
  });

  test("keep their numbers where nobody knows a name", () => {
    expect(coreTypesOf(core("0x41", "0xfff"))).toEqual(["0x41:0xfff"]);
    expect(coreTypesOf(core("0x51", "0xd08"))).toEqual(["0x51:0xd08"]);
  });

  test("are none on a PC", () => {
    expect(coreTypesOf("processor\t: 0\nvendor_id\t: GenuineIntel\n")).toEqual([]);
  });
});

function reading(files: Readonly<Record<string, string>>): ReadText {
  return (path) => files[path] ?? null;
}
