import { rolloutLimits } from "@modelfleet/protocol";
import { CliError } from "./cli-error.ts";

/** What stands between two empty lines; one with nothing in it is a sign of life. */
export interface EventBlock {
  readonly id?: string;
  readonly retryMs?: number;
  /** undefined: no event. */
  readonly data?: string;
}

/**
 * Server-sent events, as far as a controller uses them: `id`, `retry`, `data` and comments. What the end of the stream
 * leaves unfinished is dropped.
 *
 * @throws CliError BAD_ANSWER for an event longer than `rolloutLimits.eventLengthMax`
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
 */
export async function* readEventStream(
  bytes: AsyncIterable<Uint8Array>,
): AsyncGenerator<EventBlock> {
  let block: EventBlock = {};
  let length = 0;
  for await (const line of linesOf(bytes)) {
    length += line.length;
    if (length > rolloutLimits.eventLengthMax) throw tooLong();
    if (line !== "") {
      block = withLine(block, line);
      continue;
    }
    yield block;
    [block, length] = [{}, 0];
  }
}

async function* linesOf(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of bytes) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    if (rest.length > rolloutLimits.eventLengthMax) throw tooLong();
    for (const line of lines) yield line.endsWith("\r") ? line.slice(0, -1) : line;
  }
}

function withLine(block: EventBlock, line: string): EventBlock {
  const [, name, value = ""] = /^([^:]*)(?:: ?(.*))?$/.exec(line) ?? [];
  if (name === "id") return { ...block, id: value };
  if (name === "retry" && /^\d{1,9}$/.test(value)) return { ...block, retryMs: Number(value) };
  if (name !== "data") return block;
  return { ...block, data: block.data === undefined ? value : `${block.data}\n${value}` };
}

function tooLong(): CliError {
  const expected = `expected an event of at most ${rolloutLimits.eventLengthMax} characters`;
  return new CliError("BAD_ANSWER", `${expected}, got a longer one`);
}
