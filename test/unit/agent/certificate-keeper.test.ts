import { certificateLimits, FleetId, Sha256 } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { CertificateKeeper } from "../../../agent/src/app/certificate-keeper.ts";
import { DownloadError } from "../../../agent/src/domain/download-error.ts";
import type { EnrolmentRecord } from "../../../agent/src/domain/enrolment-record.ts";
import type { CertificateService } from "../../../agent/src/ports/certificate-service.ts";
import { manualClock } from "../../support/agent/manual-clock.ts";
import { fixtureDevice, fixtureFleet } from "../../support/trust-fixtures.ts";

const dayMs = 86_400_000;
const publicKey = new Uint8Array(32).fill(7);

/** `<device> <key> <last valid day>` stands for a certificate here. */
const pemOf = (validDays: number, device: string = fixtureDevice, key = 7) =>
  `${device} ${key} ${validDays}`;

function keep(held: string | undefined, answers: (string | undefined | DownloadError)[]) {
  const clock = manualClock();
  const events: unknown[] = [];
  const note = ({ event }: { readonly event: string }) => void events.push(event);
  const log = { info: note, warn: note, error: note };
  const written: EnrolmentRecord[] = [];
  const asked: number[] = [];
  const service: CertificateService = {
    read: (pem) => {
      const [name = "", key, days] = pem.split(" ");
      if (days === undefined) return undefined;
      const bytes = new Uint8Array(32).fill(Number(key));
      return { pem, name, publicKey: bytes, validUntilMs: Number(days) * dayMs };
    },
    fetch: () => {
      asked.push(clock.monotonicMs());
      const answer = answers.shift();
      return answer instanceof DownloadError ? Promise.reject(answer) : Promise.resolve(answer);
    },
  };
  const record: EnrolmentRecord = {
    ...{ fleet: FleetId.parse(fixtureFleet), device: fixtureDevice, secret: "s".repeat(43) },
    ...{ class: "cam-v2", controllerUrl: "http://x", brokerUrl: "mqtts://x" },
    rootSha256: Sha256.parse("0".repeat(64)),
    ...(held === undefined ? {} : { certificate: held }),
  };
  const identity = {
    replaceRecord: (next: EnrolmentRecord) => {
      written.push(next);
      return Promise.resolve();
    },
  };
  const parts = {
    ...{ identity, service, log, publicKey },
    clock: { ...clock, nowMs: clock.monotonicMs, chance: () => 0, randomBytes: () => publicKey },
  };
  const keeper = new CertificateKeeper(parts, record);
  const stop = new AbortController();
  const done = keeper.run(stop.signal);
  const end = async () => {
    stop.abort();
    await done;
  };
  return { keeper, clock, written, asked, events, [Symbol.asyncDispose]: end };
}

test("a certificate is replaced when less than 120 days of it are left, and kept on disk", async () => {
  await using kept = keep(pemOf(122), [pemOf(365)]);
  expect(kept.asked).toEqual([]);

  await kept.clock.advance(dayMs);
  expect(kept.asked).toEqual([]);
  await kept.clock.advance(dayMs);

  expect(kept.asked).toEqual([2 * dayMs]);
  expect(kept.keeper.current()).toBe(pemOf(365));
  expect(kept.written).toMatchObject([{ device: fixtureDevice, certificate: pemOf(365) }]);
});

test("a device without one asks at once; where there are none, again in a day", async () => {
  await using kept = keep(undefined, [undefined, pemOf(365)]);
  await kept.clock.advance(0);
  expect(kept.keeper.current()).toBeUndefined();

  await kept.clock.advance(certificateLimits.lookEveryMs);

  expect(kept.asked).toEqual([0, dayMs]);
  expect(kept.keeper.current()).toBe(pemOf(365));
});

test("while nothing can be fetched the old one is used, and it is tried again in an hour", async () => {
  const offline = new DownloadError("UNREACHABLE", "no network");
  await using kept = keep(pemOf(100), [offline, pemOf(365)]);
  await kept.clock.advance(0);
  expect(kept.keeper.current()).toBe(pemOf(100));

  await kept.clock.advance(certificateLimits.retryMs);

  expect(kept.asked).toEqual([0, certificateLimits.retryMs]);
  expect(kept.keeper.current()).toBe(pemOf(365));
  expect(kept.events).toEqual(["certificate.failed", "certificate.renewed"]);
});

test.each([
  { what: "another device", answer: pemOf(365, "cam-9999") },
  { what: "another key", answer: pemOf(365, fixtureDevice, 8) },
  { what: "nobody", answer: "no certificate" },
])("a certificate of $what is not taken", async ({ answer }) => {
  await using kept = keep(pemOf(100), [answer]);

  await kept.clock.advance(0);

  expect(kept.keeper.current()).toBe(pemOf(100));
  expect(kept.written).toEqual([]);
});

test("a stored certificate of another device is not shown", async () => {
  await using kept = keep(pemOf(365, "cam-9999"), [undefined]);

  await kept.clock.advance(0);

  expect(kept.keeper.current()).toBeUndefined();
});
