import { Socket } from "node:net";
import { FrameDecoder, FrameError, type FrameLimits } from "../wire/frame.ts";
import { giveBack } from "../wire/give-back.ts";
import { type RunnerAnswer, type RunnerRequest, readRunnerRequest } from "../wire/message.ts";
import { MessageEncoder } from "../wire/message-encoder.ts";
import { readRecord, readWhole } from "../wire/read-json.ts";
import { writeChunks } from "../wire/write-chunks.ts";
import { answerRequests } from "./answer-requests.ts";
import { closeNetwork } from "./close-network.ts";
import { giveBackMemory } from "./give-back-memory.ts";
import { loadRuntime } from "./load-runtime.ts";

/** The supervisor's end of the conversation is the socket the runner was started with. */
const SUPERVISOR_FD = 3;

function main(): void {
  const limits = readLimits(process.argv[2]);
  closeNetwork();
  const answer = answerRequests(loadRuntime, giveBackMemory);
  const decoder = new FrameDecoder(limits, readRunnerRequest);
  const encoder = new MessageEncoder(limits);
  // Ctrl-C and a stopping service reach the whole group; a runner ends when its supervisor says so, or is gone.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => undefined);
  const socket = new Socket({ fd: SUPERVISOR_FD, readable: true, writable: true });
  const respond = async (request: RunnerRequest) => {
    writeChunks(socket, encodeAnswer(await answer(request), encoder));
    if (request.kind === "stop") socket.end();
  };
  let turn = Promise.resolve();
  // A listener, not an iterator of chunks: its turns of the event loop would be a good part of a small model's answer.
  socket.on("data", (chunk: Buffer) => {
    for (const request of decoder.push(chunk)) {
      turn = turn.then(() => respond(request));
    }
    if (!decoder.hasViews()) giveBack(chunk);
  });
}

function encodeAnswer(answer: RunnerAnswer, encoder: MessageEncoder): Uint8Array[] {
  try {
    return encoder.encode(answer);
  } catch (error) {
    if (!(error instanceof FrameError)) throw error;
    const message = `the model's answer does not fit: ${error.message}`;
    return encoder.encode({ kind: "failed", id: answer.id, code: "RUN_FAILED", message });
  }
}

/** The supervisor hands its limits over, so that the runner need not load the contract to know them. */
function readLimits(argument: string | undefined): FrameLimits {
  const fields = readRecord(JSON.parse(argument ?? "null"), "the limits");
  return {
    frameBytesMax: readWhole(fields["frameBytesMax"], "frameBytesMax"),
    frameHeaderBytesMax: readWhole(fields["frameHeaderBytesMax"], "frameHeaderBytesMax"),
  };
}

main();
