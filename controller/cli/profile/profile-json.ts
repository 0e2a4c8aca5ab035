import type { ReferenceProfile } from "@modelfleet/protocol";

/** A profile as a file: one line a feature, so that a change shows as one line in a diff. Same profile, same bytes. */
export function profileJson(profile: ReferenceProfile): string {
  const fields = Object.entries(profile).map(([name, value]: [string, unknown]) => {
    const members = Array.isArray(value) ? lines(value) : JSON.stringify(value);
    return `  ${JSON.stringify(name)}: ${members}`;
  });
  return `{\n${fields.join(",\n")}\n}\n`;
}

function lines(members: readonly unknown[]): string {
  if (members.length === 0) return "[]";
  return `[\n${members.map((member) => `    ${JSON.stringify(member)}`).join(",\n")}\n  ]`;
}
