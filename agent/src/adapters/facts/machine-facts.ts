import { readFileSync } from "node:fs";
import { readFile, statfs } from "node:fs/promises";
import { arch, availableParallelism, freemem, platform, totalmem } from "node:os";
import { coreTypesOf, type DeviceFacts } from "@modelfleet/protocol";
import type { FactsSource } from "../../ports/facts-source.ts";
import { InstalledRuntimes } from "./installed-runtimes.ts";

export interface MachineFactsOptions {
  readonly class: string;
  readonly folder: string;
  readonly agentVersion: string;
  /** `process.version`. */
  readonly nodeVersion: string;
  /** `glibcVersionRuntime` of the process report; undefined where the C library is another one. */
  readonly glibcVersion: string | undefined;
  /** Which firmware target the probes find, by platform and the text of files of the device. */
  readonly targetOf: (platform: Platform, read: (path: string) => string | null) => string;
}

type Platform = Pick<DeviceFacts, "os" | "arch" | "libc">;

const mib = 1024 * 1024;
const protocolMajor = 1;

export interface MachineFacts extends FactsSource {
  /** A runtime was seen not to start here. */
  readonly down: (runtime: string) => void;
}

/** What can be proved about this machine without trusting anybody's word (targets.md 1.4). */
export function machineFacts(options: MachineFactsOptions): MachineFacts {
  const runtimes = new InstalledRuntimes();
  const place = platformOf(options.glibcVersion);
  const target = options.targetOf(place, readText);
  const coreTypes = [...coreTypesOf(readText("/proc/cpuinfo") ?? "")];
  return {
    proved: (runtime) => runtimes.proved(runtime),
    down: (runtime) => runtimes.down(runtime),
    read: async () => {
      const disk = await statfs(options.folder);
      return {
        ...place,
        class: options.class,
        target,
        coreTypes,
        node: options.nodeVersion,
        cpuCores: availableParallelism(),
        memoryMiB: Math.floor(totalmem() / mib),
        memoryAvailableMiB: await memoryAvailableMiB(),
        diskFreeMiB: Math.floor((disk.bavail * disk.bsize) / mib),
        runtimes: runtimes.facts(),
        agentVersion: options.agentVersion,
        protocol: protocolMajor,
      };
    },
  };
}

function platformOf(glibcVersion: string | undefined): Platform {
  const family = glibcVersion === undefined ? otherLibc() : "glibc";
  return { os: platform(), arch: arch(), libc: { family, version: glibcVersion ?? "" } };
}

function otherLibc(): "musl" | "none" {
  return platform() === "linux" ? "musl" : "none";
}

/** What new processes can really have; `freemem` leaves out the page cache on Linux. */
async function memoryAvailableMiB(): Promise<number> {
  const text = await readFile("/proc/meminfo", "utf8").catch(() => "");
  const kib = /^MemAvailable:\s+(\d+) kB$/m.exec(text)?.[1];
  return kib === undefined ? Math.floor(freemem() / mib) : Math.floor(Number(kib) / 1024);
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, "utf8").replaceAll("\0", "");
  } catch {
    return null; // A board without this file: the probe does not hold.
  }
}
