import { expect, test } from "vitest";
import { mosquittoIsHere } from "../support/broker/mosquitto.ts";
import { mosquittoBroker } from "../support/broker/mosquitto-broker.ts";
import { rightsMatrix } from "../support/broker/rights-matrix.ts";
import { runMatrix } from "../support/broker/run-matrix.ts";

const isExpected = mosquittoIsHere || process.env["CI"] !== undefined;

test.runIf(isExpected)(
  "F56: whatever a client tries, it reaches its own topics and no others (Mosquitto)",
  async () => {
    await using broker = await mosquittoBroker();

    expect(await runMatrix(broker, rightsMatrix)).toEqual([]);
  },
);
