import { digest, keyPool, type Roster } from "../ledger.ts";
import { keyEntry, type makeRoot, type Rosters, roleEntry } from "../make-world.ts";
import type { Change } from "../prepared.ts";

/** What a change of a root can look at. */
export interface RootDraft {
  readonly document: ReturnType<typeof makeRoot>;
  readonly rosters: Rosters;
}

/** y = 1 and its neighbours: points of small order, and a second spelling of y = 3, which lies above the prime. */
const weakKeys = {
  identity: `01${"00".repeat(31)}`,
  "order 4": "00".repeat(32),
  "order 8": "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "not canonical": `f0${"ff".repeat(30)}7f`,
};

export const rootChanges: readonly Change<RootDraft>[] = [
  ["another fleet", true, () => ({ fleet: "6c6f7f0e-8a2d-4a54-9c0e-3b5a1f0d2c11" })],
  ["version 0", true, () => ({ version: 0 })],
  ["version 2^53", true, () => ({ version: 2 ** 53 })],
  ["spec 2", true, () => ({ spec: 2 })],
  ["type desired", true, () => ({ type: "desired" })],
  ["expires as issued", true, ({ document }) => ({ expires: document.issuedAt })],
  ["expires before", true, () => ({ expires: "1969-12-31T23:59:59Z" })],
  ["a day that is none", true, () => ({ issuedAt: "2027-02-30T00:00:00Z" })],
  ["no keys", true, () => ({ keys: {} })],
  ["keys in a list", true, ({ document }) => ({ keys: Object.values(document.keys) })],
  ...thresholds(),
  ...keyLists(),
  ["no release rule", true, (draft) => roles(draft, { release: [] })],
  ["rules in an object", true, (draft) => roles(draft, { release: { "0": {} } })],
  ["a rule of no model", true, (draft) => ruleWith(draft, { models: [] })],
  ["a pattern in the middle", true, (draft) => ruleWith(draft, { models: ["vis*"] })],
  ["a rule without a name", true, (draft) => ruleWith(draft, { name: "" })],
  ["an unused key more", false, (draft) => withKey(draft, "good")],
  ...Object.keys(weakKeys).map(
    (name): Change<RootDraft> => [`a key: ${name}`, true, (draft) => withKey(draft, name)],
  ),
  ["a key of 31 bytes", true, (draft) => withKey(draft, "short")],
  ["a key of another algorithm", true, (draft) => withKey(draft, "algorithm")],
  ["a key under another keyid", true, (draft) => withKey(draft, "misnamed")],
  ["a key under a keyid in capitals", true, (draft) => withKey(draft, "capitals")],
  ["online may sign as root", true, (draft) => onlineIsRoot(draft)],
  ["128 revoked releases", false, () => ({ revokedReleases: digests(128) })],
  ["129 revoked releases", true, () => ({ revokedReleases: digests(129) })],
  ["a revoked release with a bad name", true, () => ({ revokedReleases: ["A".repeat(64)] })],
];

/** What breaks a root only beside the one before it. */
export const nextRootChanges: readonly Change<RootDraft>[] = [
  ...rootChanges,
  ...Array.from({ length: 5 }, (): Change<RootDraft>[] => [
    ["the version it has", true, ({ document }) => ({ version: document.version - 1 })],
    ["a version left out", true, ({ document }) => ({ version: document.version + 1 })],
    ["a version back", true, ({ document }) => ({ version: document.version - 2 })],
  ]).flat(),
];

function thresholds(): Change<RootDraft>[] {
  const bad = [0, -1, 1.5, 33, "1", null, true, [1]];
  const over = ({ members }: Roster) => ({
    ...roleEntry({ members, threshold: members.length + 1 }),
  });
  return [
    ...bad.flatMap((threshold): Change<RootDraft>[] => [
      [
        `root threshold ${JSON.stringify(threshold)}`,
        true,
        (draft) => roles(draft, { root: { ...roleEntry(draft.rosters.root), threshold } }),
      ],
      [
        `online threshold ${JSON.stringify(threshold)}`,
        true,
        (draft) => roles(draft, { online: { ...roleEntry(draft.rosters.online), threshold } }),
      ],
      [
        `rule threshold ${JSON.stringify(threshold)}`,
        true,
        (draft) => ruleWith(draft, { threshold }),
      ],
    ]),
    [
      "root threshold above its keys",
      true,
      (draft) => roles(draft, { root: over(draft.rosters.root) }),
    ],
    [
      "online threshold above its keys",
      true,
      (draft) => roles(draft, { online: over(draft.rosters.online) }),
    ],
  ];
}

function keyLists(): Change<RootDraft>[] {
  const twice = (roster: Roster) => {
    const { keyids, threshold } = roleEntry(roster);
    return { keyids: [...keyids, keyids[0]], threshold };
  };
  const online = (draft: RootDraft) => roleEntry(draft.rosters.online);
  return [
    ["a root key twice", true, (draft) => roles(draft, { root: twice(draft.rosters.root) })],
    ["an online key twice", true, (draft) => roles(draft, { online: twice(draft.rosters.online) })],
    ["no online key", true, (draft) => roles(draft, { online: { keyids: [], threshold: 1 } })],
    [
      "a keyid of no key",
      true,
      (draft) =>
        roles(draft, {
          online: { keyids: [...online(draft).keyids, "0".repeat(64)], threshold: 1 },
        }),
    ],
    [
      "a keyid that every object inherits",
      true,
      (draft) => roles(draft, { online: { keyids: ["constructor"], threshold: 1 } }),
    ],
  ];
}

function roles({ document }: RootDraft, changed: object): object {
  return { roles: { ...document.roles, ...changed } };
}

function ruleWith(draft: RootDraft, changed: object): object {
  const [first, ...rest] = draft.document.roles.release;
  return roles(draft, { release: [...rest, { ...first, ...changed }] });
}

function onlineIsRoot(draft: RootDraft): object {
  const { root, online } = draft.rosters;
  const members = [...online.members, ...root.members.slice(0, 1)];
  return roles(draft, { online: roleEntry({ members, threshold: 1 }) });
}

/** One more key that no role names; the load rules hold for it all the same. */
function withKey({ document }: RootDraft, kind: string): object {
  const named = new Set(Object.keys(document.keys));
  const spare = keyPool.find(({ keyid }) => !named.has(keyid)) ?? keyPool[0];
  if (spare === undefined) throw new RangeError("expected keys in the pool");
  const entry = keyEntry(spare);
  const weak = Object.entries(weakKeys).find(([name]) => name === kind)?.[1];
  const raw = Buffer.from(weak ?? "", "hex");
  const added: Record<string, object> = {
    good: { [spare.keyid]: entry },
    short: { [digest(raw)]: { ...entry, public: Buffer.alloc(31, 9).toString("base64") } },
    algorithm: { [spare.keyid]: { ...entry, alg: "rsa" } },
    misnamed: { [digest(Buffer.from("another key"))]: entry },
    capitals: { [spare.keyid.toUpperCase()]: entry },
  };
  const weakEntry = { [digest(raw)]: { alg: "ed25519", public: raw.toString("base64") } };
  return { keys: { ...document.keys, ...(added[kind] ?? weakEntry) } };
}

function digests(count: number): string[] {
  return Array.from({ length: count }, (_, index) => digest(Buffer.from([index])));
}
