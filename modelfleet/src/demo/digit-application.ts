import { Agent, request } from "node:http";
import { demoLimits, InferResponse } from "@modelfleet/protocol";
import { DIGIT_PIXELS, type Digit, stained } from "./digits.ts";
import type { OfflineAnswers } from "./offline-answers.ts";

const TOLERANCE = 1e-6;

export interface ApplicationCounts {
  readonly asked: number;
  readonly answered: number;
  readonly failed: number;
  /** Answers that differ from what the version they name gives offline. */
  readonly mismatched: number;
  readonly correct: number;
  /** Times the version in the answers changed, in the order the questions were asked. */
  readonly swaps: number;
  readonly version: string | undefined;
  readonly slowestMs: number;
  readonly lastFailure: string | undefined;
}

export interface DigitApplication {
  readonly counts: () => ApplicationCounts;
  /** Answers since the last time this was asked. */
  readonly sinceLast: () => { readonly answered: number; readonly correct: number };
  /** From now on there is dirt on the lens. */
  readonly stain: () => void;
  /** Asks no more, and waits for what is under way. */
  readonly stop: () => Promise<void>;
}

/** Offline answers to the digits, and to the same through dirt, at the same index. */
export interface ExpectedAnswers {
  readonly plain: OfflineAnswers;
  readonly stained: OfflineAnswers;
}

export interface ApplicationOptions {
  readonly socketPath: string;
  readonly digits: readonly Digit[];
  readonly expected: ExpectedAnswers;
  readonly everyMs: number;
}

/** An application on a device: shows one digit every `everyMs`, whether or not the last answer has come (open loop). */
export function startDigitApplication(options: ApplicationOptions): DigitApplication {
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });
  const counts = { asked: 0, answered: 0, failed: 0, mismatched: 0, correct: 0, slowestMs: 0 };
  const versions = new Map<number, string>();
  const underWay = new Set<Promise<void>>();
  let told = { answered: 0, correct: 0 };
  let lastFailure: string | undefined;
  let isStained = false;

  const ask = async (turn: number) => {
    const index = turn % options.digits.length;
    const plain = options.digits[index];
    if (plain === undefined) return;
    const shown = isStained ? stained(plain) : plain;
    const expected = isStained ? options.expected.stained : options.expected.plain;
    const startedMs = performance.now();
    try {
      const answer = await infer(agent, options.socketPath, shown);
      counts.answered += 1;
      counts.slowestMs = Math.max(counts.slowestMs, performance.now() - startedMs);
      versions.set(turn, answer.version);
      if (!isClose(answer.probabilities, expected.get(answer.version)?.[index]))
        counts.mismatched += 1;
      if (argmax(answer.probabilities) === plain.label) counts.correct += 1;
    } catch (error) {
      counts.failed += 1;
      lastFailure = String(error);
    }
  };

  const timer = setInterval(() => {
    const turn = counts.asked;
    counts.asked += 1;
    const question = ask(turn).finally(() => underWay.delete(question));
    underWay.add(question);
  }, options.everyMs);

  return {
    counts: () => ({ ...counts, ...versionStory(versions), lastFailure }),
    sinceLast: () => {
      const { answered, correct } = counts;
      const since = { answered: answered - told.answered, correct: correct - told.correct };
      told = { answered, correct };
      return since;
    },
    stain: () => {
      isStained = true;
    },
    stop: async () => {
      clearInterval(timer);
      await Promise.all(underWay);
      agent.destroy();
    },
  };
}

function versionStory(versions: ReadonlyMap<number, string>): {
  swaps: number;
  version: string | undefined;
} {
  const inOrder = [...versions]
    .sort(([left], [right]) => left - right)
    .map(([, version]) => version);
  const swaps = inOrder.filter((version, turn) => turn > 0 && version !== inOrder[turn - 1]).length;
  return { swaps, version: inOrder.at(-1) };
}

interface Answer {
  readonly version: string;
  readonly probabilities: readonly number[];
}

async function infer(agent: Agent, socketPath: string, digit: Digit): Promise<Answer> {
  const body = JSON.stringify({
    inputs: [
      { name: "x", datatype: "FP32", shape: [1, DIGIT_PIXELS], data: Array.from(digit.ink) },
    ],
  });
  const { status, text } = await post(agent, socketPath, body);
  if (status !== 200) throw new Error(`the agent answered ${status}: ${text.slice(0, 200)}`);
  const response = InferResponse.parse(JSON.parse(text));
  const data = response.outputs.find((output) => output.name === "y")?.data ?? [];
  return { version: response.model_version, probabilities: data.map(Number) };
}

function post(
  agent: Agent,
  socketPath: string,
  body: string,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        agent,
        socketPath,
        method: "POST",
        path: "/v2/models/digits/infer",
        headers: { "content-type": "application/json", "content-length": Buffer.byteLength(body) },
        timeout: demoLimits.questionMsMax,
      },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
        incoming.on("end", () =>
          resolve({
            status: incoming.statusCode ?? 0,
            text: Buffer.concat(chunks).toString("utf8"),
          }),
        );
        incoming.on("error", reject);
      },
    );
    outgoing.on("timeout", () =>
      outgoing.destroy(new Error(`no answer within ${demoLimits.questionMsMax} ms`)),
    );
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

function isClose(actual: readonly number[], expected: Float32Array | undefined): boolean {
  if (expected === undefined || actual.length !== expected.length) return false;
  return actual.every(
    (value, index) => Math.abs(value - (expected[index] ?? Number.NaN)) <= TOLERANCE,
  );
}

function argmax(values: readonly number[]): number {
  return values.reduce(
    (best, value, index) => (value > (values[best] ?? Number.NEGATIVE_INFINITY) ? index : best),
    0,
  );
}
