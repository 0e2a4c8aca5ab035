import {
  acceptDesired,
  type CheckedRelease,
  checkDesired,
  payloadTypes,
  signEnvelope,
} from "@modelfleet/protocol";
import { digest } from "../ledger.ts";
import type { World } from "../make-world.ts";
import { type Subject, WrongResult } from "../prepared.ts";
import { draftOf } from "./desired-subject.ts";
import { releaseOf } from "./release-subject.ts";

/** A whole update: a good desired document that names a release, which may be a bad one. All of it, or nothing. */
export const update: Subject = (world, random, isSpoiled) => {
  const { document, context } = draftOf(world, random);
  const { prepared, model, open } = releaseOf(world, random, isSpoiled);
  return {
    ...prepared,
    story: `update with ${prepared.story}`,
    open: (bytes, by) => {
      const wanted = { slot: "main", model, release: digest(by.payload), size: 1, activate: "now" };
      const named = Buffer.from(JSON.stringify({ ...document, models: [wanted] }));
      const checked = checkDesired(world.state, sign(world, named), context, by.verify);
      const [first] = checked.desired.models;
      if (checked.kind !== "new" || first === undefined) throw new WrongResult("it was no news");
      const releases: CheckedRelease[] = [{ model: first, document: open(bytes, by) }];
      const after = acceptDesired(world.state, checked, releases);
      if (after.seq !== document.seq) throw new WrongResult("the seq is another");
      if (after.desiredSha256 !== digest(named)) throw new WrongResult("the digest is another");
      if (after.floors !== world.state.floors)
        throw new WrongResult("a floor rose before the trial");
    },
  };
};

function sign({ rosters }: World, payload: Buffer): Uint8Array {
  const { members, threshold } = rosters.online;
  return signEnvelope(
    payloadTypes.desired,
    payload,
    members.slice(0, threshold).map(({ signer }) => signer),
  );
}
