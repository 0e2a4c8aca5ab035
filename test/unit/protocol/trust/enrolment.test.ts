import { claimMac, FleetId, formatEnrolment, parseEnrolment, Sha256 } from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";
import { fixtureFleet, refusal } from "../../../support/trust-fixtures.ts";

const enrolment = {
  controllerUrl: "https://fleet.example:8443",
  brokerUrl: "mqtts://[2001:db8::1]:8883",
  fleet: FleetId.parse(fixtureFleet),
  rootSha256: Sha256.parse("ab".repeat(32)),
  claimId: "k3v9x2m7",
  claimSecret: "S".repeat(43),
};
const text = formatEnrolment(enrolment);
const [scheme, controller, broker, fleet, root, claim] = text.split(":") as [
  string,
  string,
  string,
  string,
  string,
  string,
];
const join = (...parts: string[]) => parts.join(":");

describe("an enrolment string", () => {
  test("is one line that reads back as it was written", () => {
    expect(text).toMatch(/^mf1:https%3A%2F%2F\S+$/);
    expect(parseEnrolment(text)).toEqual(enrolment);
  });

  test.each([
    "http://127.0.0.1:7080",
    "https://fleet.example",
    "http://[::1]:7080",
  ])("carries %s", (controllerUrl) => {
    const read = parseEnrolment(formatEnrolment({ ...enrolment, controllerUrl }));

    expect(read.controllerUrl).toBe(controllerUrl);
  });

  test.each([
    ["another scheme", join("mf2", controller, broker, fleet, root, claim), "enrolment"],
    ["a part missing", join(scheme, controller, broker, fleet, claim), "enrolment"],
    ["a part too many", `${text}:`, "enrolment"],
    ["a plain URL", join(scheme, "https://x", broker, fleet, root, claim), "enrolment"],
    ["an ftp URL", join(scheme, "ftp%3A%2F%2Fx", broker, fleet, root, claim), "controller url"],
    ["bad percent", join(scheme, "https%3A%2F%2Fx%", broker, fleet, root, claim), "controller url"],
    [
      "lower-case escapes",
      join(scheme, "https%3a%2f%2fx", broker, fleet, root, claim),
      "controller",
    ],
    ["URLs swapped", join(scheme, broker, controller, fleet, root, claim), "controller url"],
    ["no broker", join(scheme, controller, "", fleet, root, claim), "broker url"],
    ["no uuid", join(scheme, controller, broker, "fleet", root, claim), "fleet"],
    [
      "a short digest",
      join(scheme, controller, broker, fleet, root.slice(1), claim),
      "root sha256",
    ],
    ["upper-case hex", join(scheme, controller, broker, fleet, root.toUpperCase(), claim), "root"],
    ["no claim secret", join(scheme, controller, broker, fleet, root, "k3v9x2m7"), "claim secret"],
    [
      "a short secret",
      join(scheme, controller, broker, fleet, root, "k3v9x2m7.abc"),
      "claim secret",
    ],
    [
      "a claim of three",
      join(scheme, controller, broker, fleet, root, `${claim}.x`),
      "claim secret",
    ],
    [
      "an upper-case claim id",
      join(scheme, controller, broker, fleet, root, `K${claim}`),
      "claim id",
    ],
    ["a space at the end", `${text} `, "claim secret"],
    ["nothing", "", "enrolment"],
  ])("with %s is refused, naming the field", (_, wrong, field) => {
    expect(refusal(() => parseEnrolment(wrong))).toBe("FORMAT");
    expect(() => parseEnrolment(wrong)).toThrow(field);
  });

  test.each([
    "https://user:pass@x",
    "https://x/?q",
    "https://x/#f",
    "https://x/base",
    "https://x?",
    "https://x#",
    "https://@x",
    "https:x",
    "https:\\\\x",
    " https://x",
    "https://x\n",
    "https://x\ty",
  ])("refuses %s", (url) => {
    expect(refusal(() => formatEnrolment({ ...enrolment, controllerUrl: url }))).toBe("FORMAT");
  });

  test("never shows the secret in its message", () => {
    expect(() => parseEnrolment(`${text}~`)).not.toThrow(enrolment.claimSecret);
    expect(() => parseEnrolment(`x${text}`)).not.toThrow(enrolment.claimSecret);
  });

  test("is bounded", () => {
    const controllerUrl = `https://${"y".repeat(2_100)}`;

    expect(refusal(() => formatEnrolment({ ...enrolment, controllerUrl }))).toBe("SIZE");
  });
});

describe("claimMac", () => {
  test("is HMAC-SHA-256: RFC 4231 test case 2", () => {
    const mac = claimMac("Jefe", Buffer.from("what do ya want for nothing?"));

    expect(Buffer.from(mac).toString("hex")).toBe(
      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    );
  });
});
