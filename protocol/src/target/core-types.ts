/** Part numbers of Arm's own designs (implementer 0x41), as in Linux `arch/arm64/include/asm/cputype.h`. */
const ARM_PARTS: Readonly<Record<string, string>> = {
  "0xc07": "cortex-a7",
  "0xc08": "cortex-a8",
  "0xc09": "cortex-a9",
  "0xd03": "cortex-a53",
  "0xd04": "cortex-a35",
  "0xd05": "cortex-a55",
  "0xd07": "cortex-a57",
  "0xd08": "cortex-a72",
  "0xd09": "cortex-a73",
  "0xd0a": "cortex-a75",
  "0xd0b": "cortex-a76",
  "0xd0c": "neoverse-n1",
  "0xd0d": "cortex-a77",
  "0xd41": "cortex-a78",
  "0xd42": "cortex-a78ae",
};

const ARM_IMPLEMENTER = "0x41";
const CORE_TYPES_MAX = 8;

/**
 * The kinds of CPU core in `/proc/cpuinfo`, each once; empty where the file names no Arm part (as on x64).
 * An unknown part keeps its number, so that a rule can still be written for it.
 */
export function coreTypesOf(cpuinfo: string): readonly string[] {
  const found = new Set<string>();
  let implementer = "";
  for (const line of cpuinfo.split("\n")) {
    const [, field, value] = /^CPU (implementer|part)\s*:\s*(0x[0-9a-f]{1,4})\s*$/.exec(line) ?? [];
    if (field === undefined || value === undefined) continue;
    if (field === "implementer") implementer = value;
    else found.add(nameOf(implementer, value));
  }
  return [...found].slice(0, CORE_TYPES_MAX);
}

function nameOf(implementer: string, part: string): string {
  const known = implementer === ARM_IMPLEMENTER ? ARM_PARTS[part] : undefined;
  return known ?? `${implementer}:${part}`;
}
