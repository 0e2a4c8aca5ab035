/**
 * What EMQX decides by its file of rights, as far as that file uses it: a small reading of the documented rules, for want
 * of an EMQX. The first rule that fits decides; what fits none is denied (`no_match = deny`).
 */
export interface EmqxRequest {
  readonly username: string;
  readonly action: "publish" | "subscribe";
  /** A topic, or the filter of a subscription. */
  readonly topic: string;
  readonly retain?: boolean;
}

export type EmqxRule = (request: EmqxRequest) => "allow" | "deny" | undefined;

/** @throws Error for a line this reading does not know */
export function readEmqxRules(text: string): readonly EmqxRule[] {
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("%%"));
  return lines.map(readRule);
}

export function emqxAllows(rules: readonly EmqxRule[], request: EmqxRequest): boolean {
  for (const rule of rules) {
    const verdict = rule(request);
    if (verdict !== undefined) return verdict === "allow";
  }
  return false;
}

const form =
  /^\{(allow|deny), (all|\{username, (?:"([^"]*)"|\{re, "([^"]*)"\})\})(?:, (all|publish|subscribe|\{publish, \[\{retain, (true|false|all)\}\]\}), \[(.*)\])?\}\.$/;

function readRule(line: string): EmqxRule {
  const found = form.exec(line);
  if (found === null) throw new Error(`expected a rule of acl.conf, got ${line}`);
  const [, verdict, , name, pattern, action = "all", retain = "all", list] = found;
  const topics = list?.split(", ").map((topic) => topic.slice(1, -1));
  return (request) => {
    const isWho =
      (name === undefined || name === request.username) &&
      (pattern === undefined || new RegExp(pattern).test(request.username));
    const isAction = action === "all" || action.replace("{", "").startsWith(request.action);
    const isRetain = retain === "all" || retain === String(request.retain ?? false);
    const isTopic =
      topics === undefined ||
      topics.some((topic) => covers(topic, request.username, askedFor(request)));
    return isWho && isAction && isRetain && isTopic ? (verdict as "allow" | "deny") : undefined;
  };
}

/** A subscription of `$share/group/…` is judged by what is behind that. */
function askedFor({ action, topic }: EmqxRequest): string {
  return action === "subscribe" ? topic.replace(/^\$share\/[^/]*\//, "") : topic;
}

/** By whole levels; the wildcards of a filter that is asked for are plain text to those of the rule. */
function covers(rule: string, username: string, topic: string): boolean {
  const levels = rule.replaceAll("$" + "{username}", username).split("/");
  const given = topic.split("/");
  if (topic.startsWith("$") && ["#", "+"].includes(levels[0] ?? "")) return false;
  for (const [index, level] of levels.entries()) {
    if (level === "#") return true;
    if (index >= given.length || (level !== "+" && level !== given[index])) return false;
  }
  return levels.length === given.length;
}
