import { writeFile } from "node:fs/promises";
import { modelDigest, ReleaseDocument } from "@modelfleet/protocol";
import { miniController } from "../support/agent/mini-controller.ts";
import { enrolledFolder, runningAgent } from "../support/agent/running-agent.ts";
import { denseContract } from "../support/agent/staged-model.ts";
import { eventually } from "../support/eventually.ts";
import { denseNetwork } from "../support/onnx/dense-network.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import type { BenchPart } from "./bench-line.ts";
import { bareProcessorMs } from "./served/bare-processor-ms.ts";
import { latencies } from "./statistics.ts";

/** 102 MB; with one of them resident there is no room in this budget for another. */
const layers = [2_048, 8_192, 1_024, 10];
const BUDGET_MIB = 260;
const SWAPS = 4;
const SLACK_MS = 300;
const patience = { withinMs: 60_000, everyMs: 20 };

/** How long nobody answers when a release has to stop the one before, beside what its load takes (agent.md 8.13). */
export const swapGap: BenchPart = {
  name: "swap-gap",
  run: async (progress) => {
    await using folder = await temporaryFolder();
    await using controller = await miniController();
    const device = folder.inside("device");
    await enrolledFolder(device, controller);
    await using agent = await runningAgent(device, 50, { memoryMiB: BUDGET_MIB });
    const gapsMs: number[] = [];
    for (let swap = 0; swap <= SWAPS; swap++) {
      const release = publish(controller, swap);
      controller.want(release);
      await controller.order();
      const isConfirmed = ({ items }: (typeof controller.reports)[number]) =>
        items.some((item) => item.release === release && item.step === "confirmed");
      await eventually(() => controller.reports.some(isConfirmed), patience);
      const [gap] = gapsOf(await agent.status());
      if (swap > 0) gapsMs.push(gap?.gapMs ?? Number.NaN);
      progress(`swap ${swap} of ${SWAPS}: ${swap === 0 ? "the first" : `${gap?.gapMs} ms`}`);
    }
    const file = folder.inside("bare.onnx");
    await writeFile(file, denseNetwork({ layers, seed: 1 }));
    const bare = await bareLoadMs(file);
    const ours = latencies(gapsMs).worst;
    return [
      {
        scenario: 13,
        what: `worst gap of ${SWAPS} swaps in place of 102 MB, ms (bare: start, load, 11 answers)`,
        ours,
        bare,
        limit: `≤ bare + ${SLACK_MS}`,
        holds: ours <= bare + SLACK_MS,
      },
    ];
  },
};

function publish(controller: Awaited<ReturnType<typeof miniController>>, swap: number) {
  const held = controller.hold(Buffer.from(denseNetwork({ layers, seed: swap + 1 })));
  const files = ReleaseDocument.shape.files.parse([{ path: "model.onnx", ...held }]);
  return controller.release(`${swap + 1}.0.0`, {
    ...{ files, digest: modelDigest(files), io: denseContract(layers[0] ?? 0, 10) },
    limits: { memoryMiB: 1_024, loadMs: 60_000, inferMs: 10_000 },
    swap: { memory: "resource" },
  });
}

function gapsOf(status: unknown): readonly { readonly gapMs: number }[] {
  const { gaps = [] } = status as { readonly gaps?: readonly { readonly gapMs: number }[] };
  return gaps;
}

/** The bare library in a process that has to start as well: from nothing to the answers of a first few requests. */
async function bareLoadMs(file: string): Promise<number> {
  const row = new Float32Array(layers[0] ?? 0);
  const tookMs: number[] = [];
  for (let i = 0; i < SWAPS; i++) {
    const beganMs = performance.now();
    await bareProcessorMs(file, { row, inferences: 1 });
    tookMs.push(performance.now() - beganMs);
  }
  return latencies(tookMs).worst;
}
