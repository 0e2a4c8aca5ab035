import { busLimits, openSignedBatch, payloadTypes } from "@modelfleet/protocol";
import type { Random } from "../../support/random.ts";
import { keyPool, signedBytes } from "../ledger.ts";
import { pick, WrongResult } from "../prepared.ts";
import type { FuzzCase } from "../run-case.ts";

/** A telemetry frame: 64 bytes of signature, then the body. Good as long as it is the frame that was signed. */
export function telemetryCase(random: Random): FuzzCase {
  const [device, other] = random.shuffled(keyPool);
  if (device === undefined || other === undefined) throw new RangeError("expected two keys");
  const edge = busLimits.telemetryBytesMax - 64;
  const body = Buffer.alloc(
    pick(random, [0, 1, 1 + random.below(2_000), edge, edge + 1]),
    random.below(256),
  );
  const type = pick(random, [...usual, payloadTypes.report]);
  const signer = pick(random, [device, device, device, other]);
  const signature = signer.signer.sign(signedBytes(type, body));
  const honest = Buffer.concat([signature, body]);
  const bytes = random.below(2) === 0 ? honest : damaged(honest, random);
  const isOfSize = body.length > 0 && body.length <= edge;
  return {
    story: `telemetry of ${body.length} bytes as ${type}`,
    bytes,
    isGood:
      signer === device && type === payloadTypes.telemetry && isOfSize && honest.equals(bytes),
    open: () => {
      const opened = openSignedBatch(device.signer.publicKey, bytes);
      if (!body.equals(opened)) throw new WrongResult("another body was read");
    },
  };
}

const usual = Array.from({ length: 7 }, () => payloadTypes.telemetry);

function damaged(honest: Buffer, random: Random): Buffer {
  const at = random.below(honest.length);
  const bit = Buffer.from(honest);
  bit[at] = (bit[at] ?? 0) ^ (1 << random.below(8));
  return pick(random, [bit, honest.subarray(0, at), Buffer.concat([honest, Buffer.from([0])])]);
}
