import { askRights } from "./ask-rights.ts";
import type { BrokerUnderTest } from "./broker-under-test.ts";
import type { RightsCase } from "./rights-case.ts";

/** A broker holds few connections at a time that enrol; a case may have two. */
const atOnce = { devices: 16, enrollers: 3 };

/** @returns every case that got another verdict than it should, in a line a person can read */
export async function runMatrix(
  broker: BrokerUnderTest,
  cases: readonly RightsCase[],
): Promise<readonly string[]> {
  const wrong: string[] = [];
  const numbered = cases.map((asked, index) => ({ asked, index }));
  const run = async (chosen: typeof numbered, width: number): Promise<void> => {
    const left = [...chosen];
    const worker = async (): Promise<void> => {
      for (let next = left.shift(); next !== undefined; next = left.shift()) {
        const { name, verdict } = next.asked;
        const got = await askRights(broker, next.asked, next.index).catch(reasonOf);
        if (got !== verdict) wrong.push(`${name}: expected ${verdict}, got ${got}`);
      }
    };
    await Promise.all(Array.from({ length: width }, worker));
  };
  await run(
    numbered.filter(({ asked }) => !enrols(asked)),
    atOnce.devices,
  );
  await run(
    numbered.filter(({ asked }) => enrols(asked)),
    atOnce.enrollers,
  );
  return wrong;
}

function enrols({ who, does }: RightsCase): boolean {
  return who.kind.startsWith("enroller") || /\{E\}|-of-E/.test(JSON.stringify(does));
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? `a failure: ${cause.message}` : "a failure";
}
