import type { Command } from "commander";
import type { ListRolloutsOptions } from "../actions/list-rollouts.ts";
import type { StartRolloutOptions } from "../actions/start-rollout.ts";
import type { WatchRolloutOptions } from "../actions/watch-rollout.ts";
import { type ApiOptions, withApiOptions } from "../api-options.ts";
import type { PlanOptions } from "../rollout-options.ts";
import type { Terminal } from "../terminal.ts";
import { addRolloutDeviceCommands } from "./rollout-devices.ts";
import { addRolloutWordCommands } from "./rollout-words.ts";

export function addRolloutCommands(program: Command, terminal: Terminal): void {
  const rollout = program
    .command("rollout")
    .description("give a release to many devices, in stages, and stop when it goes wrong");
  addPlan(rollout, terminal);
  addStart(rollout, terminal);
  addList(rollout, terminal);
  addShow(rollout, terminal);
  addWatch(rollout, terminal);
  addRolloutWordCommands(rollout, terminal);
  addRolloutDeviceCommands(rollout, terminal);
}

function addPlan(rollout: Command, terminal: Terminal): void {
  withPlanOptions(
    rollout
      .command("plan")
      .argument("<release>", "model@version")
      .description(
        "show what a rollout of this release (model@version) by this plan would do, and do nothing",
      ),
  )
    .addHelpText(
      "before",
      "Examples:\n  modelfleet rollout plan digits@1.1.0 --select 'site==plant-a' --stages 5%,25%,100%\n  modelfleet rollout plan digits@1.1.0 careful.yaml\n",
    )
    .action(
      async (release: string, file: string | undefined, options: ApiOptions & PlanOptions) => {
        const { planRollout } = await import("../actions/plan-rollout.ts");
        await planRollout(terminal, { release, file }, options);
      },
    );
}

function addStart(rollout: Command, terminal: Terminal): void {
  withPlanOptions(
    rollout
      .command("start")
      .argument("<release-or-id>", "model@version, or the id of a draft")
      .description("roll a release (model@version) out by this plan, or begin a draft (its id)")
      .option("--draft", "keep it as a draft")
      .option("--at <time>", "not before this time, like 2026-12-01T06:00:00Z")
      .option("--override-poisoned <reason>", "why a release is rolled out that was rolled back")
      .option("--reason <text>", "why a draft begins", "started by hand")
      .option("--wait", "wait until it has come to its end")
      .option("--timeout <duration>", "longest wait", "1h"),
  )
    .addHelpText(
      "before",
      "Examples:\n  modelfleet rollout start digits@1.1.0 careful.yaml\n  modelfleet rollout start digits@1.1.0 --stages 5%,25%,100% --soak 10m --wait --timeout 2h\n  modelfleet rollout start 4f1d2c3b5a697887 --reason 'looked at by two'\n",
    )
    .action(async (what: string, file: string | undefined, options: StartRolloutOptions) => {
      const { startRollout } = await import("../actions/start-rollout.ts");
      await startRollout(terminal, { what, file }, options);
    });
}

function addList(rollout: Command, terminal: Terminal): void {
  withApiOptions(
    rollout
      .command("list")
      .description("show rollouts, the newest first")
      .option("--filter <selector>", "only those, like 'state==running' or 'priority>50'")
      .option("--limit <count>", "at most so many", "50"),
  )
    .addHelpText(
      "before",
      "Example:\n  modelfleet rollout list --filter 'state=in=(running,paused)'\n",
    )
    .action(async (options: ListRolloutsOptions) => {
      const { listRollouts } = await import("../actions/list-rollouts.ts");
      await listRollouts(terminal, options);
    });
}

function addShow(rollout: Command, terminal: Terminal): void {
  withApiOptions(rollout.command("show <id>").description("show a rollout, stage by stage"))
    .addHelpText("before", "Example:\n  modelfleet rollout show 4f1d2c3b5a697887\n")
    .action(async (id: string, options: ApiOptions) => {
      const { showRollout } = await import("../actions/show-rollout.ts");
      await showRollout(terminal, id, options);
    });
}

function addWatch(rollout: Command, terminal: Terminal): void {
  withApiOptions(
    rollout
      .command("watch <id>")
      .description("follow a rollout to its end; Ctrl-C leaves it running")
      .option("--timeout <duration>", "longest wait"),
  )
    .addHelpText("before", "Example:\n  modelfleet rollout watch 4f1d2c3b5a697887\n")
    .action(async (id: string, options: WatchRolloutOptions) => {
      const { watchRollout } = await import("../actions/watch-rollout.ts");
      await watchRollout(terminal, id, options);
    });
}

function withPlanOptions(command: Command): Command {
  return withApiOptions(
    command
      .argument("[file]", "the plan, a YAML file (docs/rollouts.md); none: all devices at once")
      .option("--select <selector>", "which devices, like 'site==plant-a;class==cam-v2'")
      .option("--slot <slot>", "slot of the devices")
      .option("--stages <sizes>", "shares or numbers of devices, like 5%,25%,100%")
      .option("--soak <duration>", "how long each stage is watched before the next")
      .option("--success <percent>", "share of a stage that must be confirmed")
      .option("--errors <percent>", "more failures than this share halt the rollout")
      .option("--priority <number>", "a higher one goes before, 0 to 100"),
  );
}
