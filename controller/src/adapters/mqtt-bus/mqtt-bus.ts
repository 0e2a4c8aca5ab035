import { setTimeout as wait } from "node:timers/promises";
import {
  type AckMessage,
  busLimits,
  type ControllerStateMessage,
  controllerStateTopic,
  type DeviceId,
  deviceTopics,
  everyDeviceUp,
  untilClosed,
} from "@modelfleet/protocol";
import type { MqttClient } from "mqtt";
import { controllerName } from "../../domain/broker/broker-plan.ts";
import type { Clock } from "../../ports/clock.ts";
import type { DeviceBus } from "../../ports/device-bus.ts";
import type { DeviceDoor } from "../../ports/device-door.ts";
import type { EventLog } from "../../ports/event-log.ts";
import type { BrokerAccess } from "./broker-login.ts";
import { BusError } from "./bus-error.ts";
import { Intake } from "./intake.ts";
import { openClient } from "./open-client.ts";
import { Outgoing, type Publication } from "./outgoing.ts";

export interface MqttBusOptions extends BrokerAccess {
  readonly clock: Clock;
  readonly log: EventLog;
  /** Shorter ones are for tests. */
  readonly retryMsMin?: number;
  readonly retryMsMax?: number;
  readonly ackMsMax?: number;
  readonly awayMsMax?: number;
}

export interface BusStart {
  readonly door: DeviceDoor;
  /** Who is connected is told anew: nothing is known of anybody any more. */
  readonly forgetPresence: () => Promise<void>;
}

const PROTOCOL_MAJORS = [1];
/** A broker that is dead is noticed after half as long again. */
const KEEPALIVE_SECONDS = 15;
/** Messages of all devices under way in this process. */
const MESSAGES_MAX = 1_024;
/** A connection that stood this long was a good one. */
const STABLE_MS = busLimits.connectMsMax;

/**
 * The way to devices over a broker of its own process (decision 0013). MQTT 3.1.1, a clean session, one connection after the
 * other:
 *
 * 1. Whoever was connected is forgotten; what the broker keeps retained tells it again. So it is too at the first failure
 *    to come back after `brokerAwayMsMax`: of devices behind a broker that is away nothing is known.
 * 2. Subscribed first, then a new epoch: what a device sends behind its hello is heard (protocol.md 2.7).
 * 3. What was lost before is sent again, since no ack covers it (`mayLose`).
 */
export class MqttBus implements DeviceBus, AsyncDisposable {
  readonly mayLose = true;
  readonly #options: MqttBusOptions;
  readonly #stopped = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #intake: Intake | undefined;
  #current: Outgoing | undefined;
  #trouble = "not connected yet";
  /** When a connection was lost behind which somebody may still be said to be online. */
  #lostMs: number | undefined;

  constructor(options: MqttBusOptions) {
    this.#options = options;
  }

  /** Connects, and again whenever it is over, with pauses of full jitter. A broker that is not there yet is waited for. */
  start(start: BusStart): void {
    this.#intake = new Intake({
      ...{ door: start.door, log: this.#options.log, messagesMax: MESSAGES_MAX },
      askAgain: (device) => void this.disconnect(device),
    });
    this.#running = this.#keepConnected(this.#intake, start);
  }

  /** Rejects while no device can be heard. */
  ping(): Promise<void> {
    if (this.#current !== undefined) return Promise.resolve();
    const text = `expected a connection to ${this.#options.url}, got ${this.#trouble}`;
    return Promise.reject(new BusError("OFFLINE", text));
  }

  /** How many messages of devices were dropped, by reason. */
  drops(): Readonly<Record<string, number>> {
    return this.#intake?.drops() ?? {};
  }

  async publishDesired(device: DeviceId, envelope: Uint8Array): Promise<void> {
    await this.#publish(deviceTopics(device).desired, Buffer.from(envelope), 1);
  }

  async publishAck(device: DeviceId, message: AckMessage): Promise<void> {
    await this.#publish(deviceTopics(device).ack, Buffer.from(JSON.stringify(message)), 0);
  }

  /** A client cannot close another's connection: the device is asked to begin anew (protocol.md 3.11). */
  async disconnect(device: DeviceId): Promise<void> {
    // For one that does not know `again`: an ack of nothing, since boots count from 1.
    const nothing = { boot: 0, seq: 0 };
    await this.publishAck(device, { v: 1, stream: "report", ...nothing, again: true });
  }

  /**
   * What it says from now on is refused where its messages are taken in (protocol.md 7.9). Its connection ends when the
   * operator has given the broker the new rights; what it left retained goes now.
   */
  async expel(device: DeviceId): Promise<void> {
    const topic = deviceTopics(device).up("online");
    await this.#current?.publish({ topic, payload: Buffer.alloc(0), qos: 1, retain: true });
  }

  /** Says good-bye, and lets the application finish what has arrived. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped.abort();
    await this.#running;
    await this.#intake?.drained();
  }

  async #publish(topic: string, payload: Buffer, qos: 0 | 1): Promise<void> {
    await this.#current?.publish({ topic, payload, qos });
  }

  async #keepConnected(intake: Intake, start: BusStart): Promise<void> {
    const { signal } = this.#stopped;
    const { clock, log, url } = this.#options;
    for (let failures = 0; !this.#isOver(); failures += 1) {
      const beganMs = clock.nowMs();
      const reason = await this.#connectOrForget(intake, start).catch(reasonOf);
      if (this.#isOver()) return;
      this.#trouble = reason;
      if (clock.nowMs() - beganMs >= STABLE_MS) failures = 0;
      const delayMs = this.#pauseMs(failures);
      log.warn({ event: "broker.offline", url, reason, delayMs }, "no connection to the broker");
      await wait(delayMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Rule 1. @returns why there is no connection any more */
  async #connectOrForget(intake: Intake, start: BusStart): Promise<string> {
    const reason = await this.#connectOnce(intake, start).catch(reasonOf);
    const { clock, log, awayMsMax = busLimits.brokerAwayMsMax } = this.#options;
    if (this.#lostMs === undefined || clock.nowMs() - this.#lostMs < awayMsMax) return reason;
    // What the last connection brought would else say it again.
    await intake.drained();
    await start.forgetPresence();
    this.#lostMs = undefined;
    log.warn({ event: "broker.presence-unknown" }, "the broker is away: every device is offline");
    return reason;
  }

  #isOver(): boolean {
    return this.#stopped.signal.aborted;
  }

  /** Full jitter under a ceiling that doubles. */
  #pauseMs(failures: number): number {
    const { retryMsMin = busLimits.reconnectMsMin, retryMsMax = RETRY_MS_MAX } = this.#options;
    const ceilingMs = Math.min(retryMsMax, retryMsMin * 2 ** Math.min(failures + 1, 30));
    const chance = Buffer.from(this.#options.clock.randomBytes(4)).readUInt32BE() / 2 ** 32;
    return Math.round(retryMsMin + chance * (ceilingMs - retryMsMin));
  }

  /** @returns why it is over */
  async #connectOnce(intake: Intake, { forgetPresence }: BusStart): Promise<string> {
    const { signal } = this.#stopped;
    const epoch = Buffer.from(this.#options.clock.randomBytes(8)).toString("hex");
    const client = await openClient(
      {
        ...this.#options,
        clientId: controllerName,
        willPayload: stateOf(epoch, false).payload,
        keepaliveSeconds: KEEPALIVE_SECONDS,
      },
      signal,
    );
    const ended = untilClosed(client, signal);
    const { log, ackMsMax = busLimits.brokerAckMsMax } = this.#options;
    const outgoing = new Outgoing({ client, ended, ackMsMax, log });
    try {
      // What the last connection brought is older than what this one will tell.
      await intake.drained();
      await forgetPresence();
      intake.begin();
      // Before it subscribes: what is retained comes together with the acknowledgement.
      listen(client, intake);
      const begun = this.#begin(outgoing, epoch).then(() => undefined);
      const early = await Promise.race([begun, ended]);
      if (early !== undefined) return early;
      const reason = await ended;
      if (this.#isOver() && client.connected) await sayGoodbye(client, epoch);
      return reason;
    } finally {
      this.#lostMs = this.#options.clock.nowMs();
      this.#current = undefined;
      // What it had read and not handed over yet is older than what the next connection will tell.
      client.removeAllListeners("message");
      // By force: a graceful end waits for acknowledgements that a dead broker will never send.
      await client.endAsync(true).catch(() => undefined);
    }
  }

  async #begin(outgoing: Outgoing, epoch: string): Promise<void> {
    await outgoing.subscribe(everyDeviceUp);
    this.#current = outgoing;
    await outgoing.publish(stateOf(epoch, true));
    const { log, url } = this.#options;
    log.info({ event: "broker.online", url, epoch }, "connected to the broker");
  }
}

/** A fleet waits for its controller: it comes back sooner than a device. */
const RETRY_MS_MAX = 10 * busLimits.reconnectMsMin;

function listen(client: MqttClient, intake: Intake): void {
  client.on("message", (topic, payload, { retain }) => intake.take({ topic, payload, retain }));
  // The broker is read on only when this is called back: what does not fit here waits there.
  client.handleMessage = (_packet, done) => intake.whenRoom(done);
}

function stateOf(epoch: string, online: boolean): Publication & { readonly retain: true } {
  const message: ControllerStateMessage = {
    v: 1,
    online,
    epoch,
    protocol: PROTOCOL_MAJORS,
    jitterMs: busLimits.helloJitterMsMax,
  };
  const payload = Buffer.from(JSON.stringify(message));
  return { topic: controllerStateTopic, payload, qos: 1, retain: true };
}

/** DISCONNECT comes after it, so that the broker does not publish the will. A goodbye nobody takes is said by the will. */
async function sayGoodbye(client: MqttClient, epoch: string): Promise<void> {
  const patience = wait(busLimits.goodbyeMsMax, undefined, { ref: false });
  const { topic, payload, qos, retain } = stateOf(epoch, false);
  const said = client
    .publishAsync(topic, payload, { qos, retain })
    .then(() => client.endAsync(false))
    .catch(() => undefined);
  await Promise.race([said, patience]);
}

function reasonOf(cause: unknown): string {
  if (cause instanceof AggregateError) return cause.errors.map(reasonOf).join(", ");
  return cause instanceof Error ? cause.message : "an unknown failure";
}
