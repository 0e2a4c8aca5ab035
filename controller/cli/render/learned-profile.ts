import type { LearnedProfileAnswer, ReferenceProfile } from "@modelfleet/protocol";
import type { LearningProfile } from "../../src/domain/profile/learning/learning-profile.ts";
import { renderProfile } from "./profile.ts";

/** What devices will measure, and what is to be done with the file. */
export function renderStarted(out: string, { profile, unwatched }: LearningProfile): string {
  return [
    renderProfile(profile),
    "",
    ...(unwatched.length === 0
      ? []
      : [`note: nobody looks at ${unwatched.join(", ")} (--feature, --category)`]),
    ...profile.outputs.map(
      ({ name, classes }) =>
        `note: classes of ${name} are ${classes.slice(0, 8).join(", ")}${classes.length > 8 ? ", …" : ""} in the order of its values (--classes)`,
    ),
    `wrote ${out}; beside release.json, name it there: "drift": { "baseline": "profile.json" }`,
    "publish that release to the devices to learn from, then: modelfleet profile learn <model> <version> --cohort <label>=<value>",
  ].join("\n");
}

/** What was learnt, of whom, and what a person should look at before it alarms. */
export function renderLearned(out: string, answer: LearnedProfileAnswer): string {
  const { profile, leftOut } = answer;
  return [
    renderProfile(profile),
    "",
    ...leftOut.map(({ name, why }) => `note: ${name} was not learnt: ${why}`),
    `wrote ${out}: provisional, so that its alerts are told nobody; look at it (modelfleet profile show), then modelfleet profile confirm ${out} --by <your name>`,
  ].join("\n");
}

export function renderConfirmed(path: string, profile: ReferenceProfile): string {
  return [
    renderProfile(profile),
    "",
    `wrote ${path}: it alarms from the release on that is published with it`,
  ].join("\n");
}
