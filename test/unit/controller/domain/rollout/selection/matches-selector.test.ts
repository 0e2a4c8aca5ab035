import { DeviceFacts, SlotReport } from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";
import { deviceSubject } from "../../../../../../controller/src/domain/rollout/selection/device-fields.ts";
import { isPinned } from "../../../../../../controller/src/domain/rollout/selection/is-pinned.ts";
import { matchesSelector } from "../../../../../../controller/src/domain/rollout/selection/matches-selector.ts";
import { parseSelector } from "../../../../../../controller/src/domain/rollout/selection/parse-selector.ts";
import { selectableDevice } from "../../../../../support/fleet/selectable-device.ts";

const facts = DeviceFacts.parse({
  class: "cam-v2",
  target: "rpi-cm4",
  os: "linux",
  arch: "arm64",
  libc: { family: "glibc", version: "2.36" },
  node: "22.13.0",
  cpuCores: 4,
  memoryMiB: 3_800,
  memoryAvailableMiB: 2_000,
  diskFreeMiB: 9_000,
  runtimes: [],
  agentVersion: "0.10.2",
  protocol: 1,
});

const running = SlotReport.parse({
  slot: "main",
  active: { release: "ab".repeat(32), model: "vision.defects", version: "1.10.0" },
  previous: null,
  trial: { release: "cd".repeat(32), model: "vision.defects", version: "2.0.0" },
  refused: [],
});

const camera = selectableDevice("cam-0017", {
  class: "cam-v2",
  labels: { site: "plant-a", row: "07", online: "label", "model.main": "label", constructor: "x" },
  agentVersion: "0.10.2",
  facts,
  slots: [running],
});
const fresh = selectableDevice("cam-0018", { online: false, agentVersion: null });

function chooses(text: string, device = camera): boolean {
  return matchesSelector(parseSelector(text), deviceSubject(device));
}

describe("what a device is asked", () => {
  test.each([
    "id==cam-0017",
    "id==cam-*",
    "id==*",
    "id=in=(cam-0017,cam-9999)",
    "id=out=(cam-9999)",
    "class==cam-v2",
    "class==cam*v2",
    "class!=cam-v3",
    "site==plant-a",
    "site=='plant-a'",
    "online==true",
    "label.online==label",
    "label.model.main==label",
    "constructor==x",
    "agent==0.10.*",
    "agent>0.9.9",
    "agent>=0.10.2",
    "agent<1.0.0-rc.1",
    "target==rpi-cm4",
    "os==linux;arch==arm64",
    "memoryMiB>=3800",
    "memoryMiB==3800",
    "cpuCores<4.5",
    "model.main==vision.defects",
    "version.main==1.10.0",
    "version.main>1.9.0",
    `release.main==${"ab".repeat(32)}`,
    "rack!=7",
    "rack!=*",
    "version.other!=1.10.0",
    "site==plant-b,online==true",
    "(site==plant-b,online==true);class==cam-v2",
  ])("%s chooses it", (text) => {
    expect(chooses(text)).toBe(true);
  });

  test.each([
    "id==cam-001",
    "id==cam-00170",
    "id==cam",
    "id==*cam",
    "id==CAM-0017",
    "id==cam-0*017*0017",
    "id=in=(cam-001,cam-00170)",
    "id=out=(cam-0017)",
    "id!=cam-*",
    "site=='plant-*'",
    "site==plant",
    "online==false",
    "online!=true",
    "agent>0.10.2",
    "agent<0.9.9",
    "memoryMiB<3800",
    "memoryMiB!=3800",
    "version.main<1.9.0",
    "version.main==2.0.0",
    "model.other==vision.defects",
    "rack==*",
    "rack<1",
    "rack>=1",
    "site<1",
    "site==plant-a;online==false",
    "site==plant-b;class==cam-v2,online==false",
  ])("%s does not", (text) => {
    expect(chooses(text)).toBe(false);
  });

  test("a row is a text to == and a number to <", () => {
    expect(chooses("row==7")).toBe(false);
    expect(chooses("row==07")).toBe(true);
    expect(chooses("row<=7;row>=7")).toBe(true);
  });
});

describe("a device that has never said what it is", () => {
  test.each([
    "agent==*",
    "agent<9",
    "os==linux",
    "memoryMiB>=0",
    "model.main==*",
    "online==true",
  ])("is not chosen by %s", (text) => {
    expect(chooses(text, fresh)).toBe(false);
  });

  test.each([
    "agent!=*",
    "os!=linux",
    "model.main!=*",
    "online==false",
    "",
  ])("is chosen by %j", (text) => {
    expect(chooses(text, fresh)).toBe(true);
  });
});

test("a label pinned=true keeps a device out, and nothing else does", () => {
  expect(isPinned({ pinned: "true" })).toBe(true);
  expect(isPinned({ pinned: "false" })).toBe(false);
  expect(isPinned({ pinned: "True" })).toBe(false);
  expect(isPinned({ "pinned.at": "true" })).toBe(false);
});
