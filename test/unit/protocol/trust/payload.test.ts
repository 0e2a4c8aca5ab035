import {
  encodePayload,
  FormatError,
  parsePayload,
  ReleaseDocument,
  VerifyError,
} from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { refusal, releaseDocument } from "../../../support/trust-fixtures.ts";

const Small = z.object({ count: z.int().min(0), list: z.array(z.object({ name: z.string() })) });
const parse = (document: object) => parsePayload(Small, encodePayload(document));
const valid = { count: 1, list: [{ name: "a" }] };

describe("parsePayload", () => {
  test("reads what encodePayload wrote", () => {
    const document = releaseDocument();

    expect(parsePayload(ReleaseDocument, encodePayload(document))).toEqual(document);
  });

  test("drops fields it does not know", () => {
    expect(parse({ ...valid, later: true })).toEqual(valid);
  });

  test("refuses an unknown field that the document calls critical", () => {
    expect(refusal(() => parse({ ...valid, critical: ["count"] }))).toBe("accepted");
    expect(refusal(() => parse({ ...valid, critical: [] }))).toBe("accepted");
    expect(refusal(() => parse({ ...valid, later: true, critical: ["later"] }))).toBe("FORMAT");
    expect(refusal(() => parse({ ...valid, critical: ["toString"] }))).toBe("FORMAT");
  });

  test.each([
    [null],
    ["later"],
    [7],
    [{}],
    [[1]],
    [Array.from({ length: 17 }, () => "count")],
  ])("refuses critical: %j", (critical) => {
    expect(refusal(() => parse({ ...valid, critical }))).toBe("FORMAT");
  });

  test("names the field that is wrong, and not its value", () => {
    const wrong = () => parse({ ...valid, list: [{ name: "a" }, { name: 424_242 }] });

    expect(wrong).toThrow(VerifyError);
    expect(wrong).toThrow(/^list\[1\]\.name: /);
    expect(wrong).not.toThrow(/424242/);
  });

  test("cuts the name of a field that is very long, since keys may come from outside", () => {
    const Named = z.object({ names: z.record(z.string(), z.int()) });
    const payload = encodePayload({ names: { ["k".repeat(500)]: "one" } });

    expect(() => parsePayload(Named, payload)).toThrow(
      new RegExp(`^names\\.${"k".repeat(114)}: Invalid input`),
    );
  });

  test("names the payload where no field is at fault, and the field that is critical", () => {
    expect(() => parsePayload(Small, Buffer.from("[]"))).toThrow(/^payload: Invalid input/);
    expect(() => parse({ ...valid, critical: ["later"] })).toThrow(
      "critical: expected a short list of fields known here; update",
    );
  });

  test("keeps what the parser said as the cause", () => {
    const wrong = thrown(() => parsePayload(Small, Buffer.from("{")));

    expect(wrong).toBeInstanceOf(VerifyError);
    expect(wrong).toHaveProperty("cause", expect.any(FormatError));
  });

  test.each(["[]", "null", "7", '"text"', "true"])("refuses %s, which is no object", (text) => {
    expect(refusal(() => parsePayload(Small, Buffer.from(text)))).toBe("FORMAT");
  });

  test("refuses a counter in another spelling", () => {
    const text = (count: string) => Buffer.from(`{"count":${count},"list":[]}`);

    expect(refusal(() => parsePayload(Small, text("1000")))).toBe("accepted");
    for (const count of ["1e3", "1000.0", "-0", "9007199254740992", '"5"', "-1", "null"]) {
      expect(refusal(() => parsePayload(Small, text(count)))).toBe("FORMAT");
    }
  });
});

function thrown(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    return error;
  }
}
