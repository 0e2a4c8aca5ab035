import {
  acceptNextRoot,
  adoptRoot,
  openPinnedRoot,
  payloadTypes,
  Sha256,
  type TrustState,
} from "@modelfleet/protocol";
import type { Random } from "../../support/random.ts";
import { digest, type Roster } from "../ledger.ts";
import { makeRoot, makeRosters, models, type Rosters, ruleFor, type World } from "../make-world.ts";
import { pick, pickChange, type Subject, WrongResult } from "../prepared.ts";
import { nextRootChanges, rootChanges } from "./root-changes.ts";

const DAY_MS = 24 * 3_600_000;
const spots = ["roles"];

/** Root N + 1 to a device that holds N, and what the device remembers afterwards. */
export const nextRoot: Subject = (world, random, isSpoiled) => {
  const { document: current } = world.root;
  const rosters = nextRosters(world.rosters, random);
  const issuedAtMs = Date.parse(current.issuedAt) + (random.below(900) - 300) * DAY_MS;
  const document = makeRoot(rosters, {
    fleet: current.fleet,
    version: current.version + 1,
    issuedAtMs,
    expiresAtMs: issuedAtMs + (1 + random.below(700)) * DAY_MS,
    revokedReleases: current.revokedReleases,
  });
  const { story, breaks, members } = pickChange(random, isSpoiled ? nextRootChanges : [], {
    document,
    rosters,
  });
  return {
    story: `next root, ${story}`,
    type: payloadTypes.root,
    document: { ...document, ...members },
    optional: [],
    spots,
    breaks: breaks || overlap(rosters.root, rosters.online),
    rosters: [world.rosters.root, rosters.root],
    open: (bytes, { verify }) => {
      const next = acceptNextRoot(world.root, bytes, verify);
      const after = adoptRoot(world.state, next);
      const expected = afterRotation(world, rosters, issuedAtMs);
      if (next.bytes !== bytes) throw new WrongResult("the bytes are not those received");
      expectState(after, expected);
    },
  };
};

/** The first root of a device, by its pin. */
export const pinnedRoot: Subject = (world, random, isSpoiled) => {
  const rosters = random.below(2) === 0 ? world.rosters : makeRosters(random);
  const issuedAtMs = Date.UTC(1990 + random.below(100), random.below(12));
  const document = makeRoot(rosters, {
    fleet: world.root.document.fleet,
    version: pick(random, [1, 7, 2 ** 53 - 1]),
    issuedAtMs,
    expiresAtMs: issuedAtMs + 1_000,
    revokedReleases: [],
  });
  const isOther = isSpoiled && random.below(8) === 0;
  const { story, breaks, members } = pickChange(random, isSpoiled ? rootChanges : [], {
    document,
    rosters,
  });
  return {
    story: `first root${isOther ? ", not the pinned one" : ""}, ${story}`,
    type: payloadTypes.root,
    document: { ...document, ...members },
    optional: [],
    spots,
    // A first root may be of any fleet: the pin has named it.
    breaks: (breaks && story !== "another fleet") || isOther,
    rosters: [rosters.root],
    open: (bytes, { payload, verify }) => {
      const pin = Sha256.parse(digest(isOther ? Buffer.from("another root") : payload));
      const opened = openPinnedRoot(bytes, pin, verify);
      if (opened.sha256 !== pin) throw new WrongResult("the digest is not the pin");
    },
  };
};

/** Each role keeps its keys, shares some, or has only new ones; thresholds move. */
function nextRosters(now: Rosters, random: Random): Rosters {
  const fresh = makeRosters(random);
  const keep = <T>(old: T, other: T): T => (random.below(3) === 0 ? other : old);
  const grown = (old: Roster, other: Roster): Roster => {
    const members = [...new Set([...old.members.slice(random.below(2)), ...other.members])];
    return { members, threshold: 1 + random.below(members.length) };
  };
  return {
    root: keep(now.root, random.below(2) === 0 ? fresh.root : grown(now.root, fresh.root)),
    online: keep(
      now.online,
      random.below(2) === 0 ? fresh.online : grown(now.online, fresh.online),
    ),
    release: keep(now.release, fresh.release),
  };
}

function overlap(left: Roster, right: Roster): boolean {
  return left.members.some(({ keyid }) => right.members.some((one) => one.keyid === keyid));
}

/** What a device remembers after a step, in the words of protocol.md 1.3.9. */
function afterRotation({ state, rosters }: World, next: Rosters, issuedAtMs: number): object {
  const isContinued = overlap(rosters.online, next.online);
  const floors = Object.entries(state.floors).filter(([model]) => {
    const [before, after] = [ruleFor(rosters, model), ruleFor(next, model)];
    return before === undefined || after === undefined || overlap(before, after);
  });
  return {
    device: state.device,
    seq: isContinued ? state.seq : 0,
    desiredSha256: isContinued ? state.desiredSha256 : null,
    timeFloorMs: isContinued ? Math.max(state.timeFloorMs, issuedAtMs) : issuedAtMs,
    floors: models.map((model) => Object.fromEntries(floors)[model]),
  };
}

function expectState(state: TrustState, expected: object): void {
  const { root: _, ...rest } = state;
  const got = { ...rest, floors: models.map((model) => state.floors[model]) };
  for (const [name, value] of Object.entries(expected)) {
    const found: unknown = Object.entries(got).find(([key]) => key === name)?.[1];
    const [wanted, gotten] = [JSON.stringify(value), JSON.stringify(found)];
    if (wanted !== gotten) throw new WrongResult(`${name}: expected ${wanted}, got ${gotten}`);
  }
}
