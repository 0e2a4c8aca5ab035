import { FormatError, localBusLimits } from "@modelfleet/protocol";
import { isTopicLevel, shown, type TopicFilter } from "./topic-filter.ts";

/** A topic with places for what a filter captured: texts, and numbers of captures from 1. */
export interface TopicTemplate {
  readonly levels: readonly (readonly (string | number)[])[];
}

/**
 * @param captures how many there are: `{1}` to `{captures}` may be named
 * @throws FormatError naming the place
 */
export function parseTemplate(text: string, captures: number, place: string): TopicTemplate {
  if (text.startsWith("$")) {
    throw new FormatError(
      "FORMAT",
      `${place}: expected no topic that begins with $, got ${shown(text)}`,
    );
  }
  return { levels: text.split("/").map((level) => parseLevel(level, captures, place)) };
}

/** @returns undefined when it would be no topic: too long, or one of the broker's own */
export function fillTemplate(
  { levels }: TopicTemplate,
  captured: readonly string[],
): string | undefined {
  const topic = levels
    .map((pieces) =>
      pieces
        .map((piece) => (typeof piece === "number" ? (captured[piece - 1] ?? "") : piece))
        .join(""),
    )
    .join("/");
  return topic.startsWith("$") || topic.length > localBusLimits.topicCharactersMax
    ? undefined
    : topic;
}

/** Whether a filled template may be a topic of this filter, whatever was captured. */
export function mayMatch({ levels }: TopicTemplate, filter: TopicFilter): boolean {
  return (
    levels.length === filter.levels.length &&
    levels.every((pieces, i) => mayBe(pieces, filter.levels[i]))
  );
}

function parseLevel(level: string, captures: number, place: string): readonly (string | number)[] {
  const pieces = level.split(/(\{\d{1,3}\})/).filter((piece) => piece !== "");
  return pieces.map((piece) => {
    const capture = /^\{(\d+)\}$/.exec(piece)?.[1];
    if (capture === undefined) {
      if (isTopicLevel(piece) && !/[{}]/.test(piece)) return piece;
      throw new FormatError(
        "FORMAT",
        `${place}: expected plain text and {1}, {2} …, got ${shown(piece)}`,
      );
    }
    const number = Number(capture);
    if (number >= 1 && number <= captures) return number;
    const there = captures === 0 ? "no +, so none" : `{1} to {${captures}}`;
    throw new FormatError("FORMAT", `${place}: the input has ${there}, got ${piece}`);
  });
}

/** What stands between the first and the last fixed text is taken for anything: too often rather than too seldom. */
function mayBe(pieces: readonly (string | number)[], level: string | undefined): boolean {
  if (level === undefined) return true;
  if (pieces.every((piece) => typeof piece === "string")) return pieces.join("") === level;
  const [first, last] = [pieces[0], pieces.at(-1)];
  return (
    (typeof first !== "string" || level.startsWith(first)) &&
    (typeof last !== "string" || level.endsWith(last))
  );
}
