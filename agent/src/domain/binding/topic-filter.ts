import { FormatError } from "@modelfleet/protocol";

/** A filter of topics: what is subscribed to. `undefined` stands for one level, whatever it is. */
export interface TopicFilter {
  readonly text: string;
  readonly levels: readonly (string | undefined)[];
}

const WILD = "+";

/**
 * @param place named by the message of an error
 * @throws FormatError for what is no filter, or takes more than whole levels by name and by `+`
 */
export function parseFilter(text: string, place: string): TopicFilter {
  const levels = text.split("/").map((level) => {
    if (level === WILD) return undefined;
    if (level === "" || isTopicLevel(level)) return level;
    throw new FormatError(
      "FORMAT",
      `${place}: expected levels of plain text or a lone +, got ${shown(text)}`,
    );
  });
  // Those are the broker's own, and shared subscriptions.
  if (levels[0]?.startsWith("$") === true) {
    throw new FormatError(
      "FORMAT",
      `${place}: expected no topic that begins with $, got ${shown(text)}`,
    );
  }
  return { text, levels };
}

/** @returns what each `+` stands for; undefined when the topic is not of this filter, or not one to build others from */
export function matchFilter({ levels }: TopicFilter, topic: string): readonly string[] | undefined {
  const given = topic.split("/");
  if (given.length !== levels.length || topic.startsWith("$")) return undefined;
  const captured: string[] = [];
  for (const [i, level] of levels.entries()) {
    const came = given[i] ?? "";
    if (level === undefined) {
      if (!isTopicLevel(came)) return undefined;
      captured.push(came);
    } else if (level !== came) return undefined;
  }
  return captured;
}

/** Whether some topic is of both. */
export function filtersMeet(left: TopicFilter, right: TopicFilter): boolean {
  return (
    left.levels.length === right.levels.length &&
    left.levels.every((level, i) => {
      const other = right.levels[i];
      return level === undefined || other === undefined || level === other;
    })
  );
}

/** Whether a text can stand between two slashes of a topic and mean nothing but itself. */
export function isTopicLevel(text: string): boolean {
  // U+FFFD is what bytes that are no UTF-8 become.
  return text !== "" && !/[/+#\p{Cc}\p{Cs}\p{Cn}\uFFFD]/u.test(text);
}

export function shown(text: string): string {
  return JSON.stringify(text.slice(0, 80));
}
