import { auditLimits } from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";
import type { AuditEntry } from "../../../../controller/src/domain/audit/audit-entry.ts";
import { chainHash, chainStart } from "../../../../controller/src/domain/audit/chain-hash.ts";
import { linkEntry } from "../../../../controller/src/domain/audit/link-entry.ts";

const entry = (changes: Partial<AuditEntry> = {}): AuditEntry => ({
  atMs: 1_700_000_000_000,
  actor: "key:1",
  action: "claim.created",
  subject: "claim:a",
  detail: { uses: 1 },
  ...changes,
});
const start = { seq: 0, hash: chainStart };

describe("the hash of an audit entry", () => {
  test("is the SHA-256 of its fields, each behind its length", () => {
    // Made with Python's struct and hashlib from the words of protocol.md 9.2.
    const known = "832dcdc68527b4def2d8a2af702a250ef9a2b30614bfb5bc84ce26019dbef299";

    expect(linkEntry(start, entry()).hash).toBe(known);
  });

  test("changes with every field, and when text moves from one field to the next", () => {
    const event = linkEntry(start, entry());
    const others = [
      { ...event, seq: 2 },
      { ...event, atMs: event.atMs + 1 },
      { ...event, actor: "key:2" },
      { ...event, action: "claim.removed" },
      { ...event, subject: "claim:b" },
      { ...event, detail: '{"uses":2}' },
      { ...event, detail: '{"uses": 1}' },
      { ...event, previousHash: event.hash },
      { ...event, action: "claim.createdc", subject: "laim:a" },
    ];

    expect(new Set([event, ...others].map(chainHash)).size).toBe(others.length + 1);
  });
});

describe("an audit entry", () => {
  test("is built upon the one before", () => {
    const first = linkEntry(start, entry());
    const second = linkEntry(first, entry());

    expect([first.seq, first.previousHash]).toEqual([1, chainStart]);
    expect([second.seq, second.previousHash]).toEqual([2, first.hash]);
  });

  test("keeps details of 4 KiB, and of one byte more the beginning and the size", () => {
    const room = auditLimits.detailBytesMax - '{"text":""}'.length;
    const kept = linkEntry(start, entry({ detail: { text: "x".repeat(room) } })).detail;
    const cut = linkEntry(start, entry({ detail: { text: "x".repeat(room + 1) } })).detail;

    expect(kept).toHaveLength(auditLimits.detailBytesMax);
    expect(JSON.parse(cut)).toMatchObject({ cut: true, sizeBytes: auditLimits.detailBytesMax + 1 });
  });

  test.each([
    "\u{4e00}",
    '"',
    "\u{0}",
    "\u{d800}",
  ])("of many %j is not above 4 KiB either", (letter) => {
    const { detail } = linkEntry(start, entry({ detail: { text: letter.repeat(9_000) } }));

    expect(new TextEncoder().encode(detail).length).toBeLessThanOrEqual(auditLimits.detailBytesMax);
  });

  test("has short names that every database keeps as they are", () => {
    const { actor, subject } = linkEntry(
      start,
      entry({ actor: `oidc:${"😀".repeat(200)}`, subject: "a\u{0}b\nc\u{d800}d" }),
    );

    expect(actor.length).toBe(auditLimits.textLengthMax);
    expect(actor.endsWith("…")).toBe(true);
    expect(subject).toBe("a\u{fffd}b\u{fffd}c\u{fffd}d");
    expect(Buffer.from(actor, "utf8").toString("utf8")).toBe(actor);
  });
});
