import { compareVersions } from "@modelfleet/protocol";
import type { SelectorValue } from "./selector.ts";

/** Fifteen digits are exact in a number. */
const numberRule = /^-?\d{1,15}(?:\.\d{1,15})?$/;
const versionRule = /^v?\d{1,15}(?:\.\d{1,15}){0,2}(?:-[0-9A-Za-z.-]{1,64})?$/;

/** Whether a text is something that comes before or after others. */
export function isOrdered(text: string): boolean {
  return numberRule.test(text) || versionRule.test(text);
}

/**
 * Which of two comes first: negative, zero or positive. Two numbers compare as numbers; when one of both is a version
 * of three parts or has a pre-release, both compare as versions.
 *
 * @returns undefined when they cannot be compared
 */
export function orderOfValues(left: SelectorValue, right: string): number | undefined {
  if (typeof left === "boolean") return undefined;
  const text = String(left);
  if (numberRule.test(text) && numberRule.test(right)) return Number(text) - Number(right);
  if (!versionRule.test(text) || !versionRule.test(right)) return undefined;
  return compareVersions(text, right);
}
