import { setTimeout as wait } from "node:timers/promises";
import {
  type AckMessage,
  busLimits,
  type ControllerStateMessage,
  controllerStateTopic,
  type DeviceId,
  deviceTopics,
  everyDeviceUp,
  everyEnrolRequest,
  isCodedError,
  isEnrolClientId,
  parseEnrolTopic,
  parseUpTopic,
  type UpTopic,
} from "@modelfleet/protocol";
import { Aedes, type AedesPublishPacket, type Client, type PublishPacket } from "aedes";
import { DeviceInbox } from "../../domain/ingest/device-inbox.ts";
import type { Clock } from "../../ports/clock.ts";
import type { DeviceBus } from "../../ports/device-bus.ts";
import type { DeviceDoor } from "../../ports/device-door.ts";
import type { EventLog } from "../../ports/event-log.ts";
import { BrokerError } from "./broker-error.ts";
import type { BrokerTls } from "./broker-tls.ts";
import { credentials } from "./credentials.ts";
import { EnrolmentDesk } from "./enrolment-desk.ts";
import { Expulsions } from "./expulsions.ts";
import { type FrameRules, guardOf } from "./frame-guard.ts";
import { hear } from "./hear.ts";
import type { ListenAddress } from "./listen.ts";
import { LoginDesk } from "./login-desk.ts";
import { publish } from "./publish.ts";
import { SocketEntrance } from "./socket-entrance.ts";
import { TakeoverWatch } from "./takeover-watch.ts";
import { isSubscribable, publishRefusal } from "./topic-rights.ts";

export interface AedesBrokerOptions extends ListenAddress {
  readonly clock: Clock;
  readonly log: EventLog;
  readonly tls?: BrokerTls | undefined;
  /** Tighter rules for tests; the ones of the protocol otherwise. */
  readonly rules?: Partial<BrokerRules>;
}

export type BrokerRules = FrameRules & { readonly enrolConnectionMsMax: number };

const PROTOCOL_MAJORS = [1];

/** The embedded broker: devices come in by TCP, the application listens in process and never by a client of its own. */
export class AedesBroker implements DeviceBus, AsyncDisposable {
  readonly #options: AedesBrokerOptions;
  readonly #rules: BrokerRules;
  readonly #connected = new Map<string, Client>();
  readonly connections = (): number => this.#connected.size;
  readonly #inbox: DeviceInbox;
  readonly #takeovers: TakeoverWatch;
  readonly #expulsions = new Expulsions();
  #running: { readonly broker: Aedes; readonly entrance: SocketEntrance } | undefined;

  constructor(options: AedesBrokerOptions) {
    this.#options = options;
    this.#rules = { ...busLimits, ...options.rules };
    this.#takeovers = new TakeoverWatch(options.clock.nowMs);
    this.#inbox = new DeviceInbox({
      depthMax: busLimits.inboxMessagesMax,
      onOverflow: (device) => {
        this.#warn("device.inbox-full", { device });
        this.#connected.get(device)?.close();
      },
    });
  }

  /**
   * Begins to listen, and tells every device by a new epoch to say hello again.
   *
   * @returns the port it listens on
   * @throws BrokerError PORT_IN_USE | LISTEN_FAILED
   */
  async start(door: DeviceDoor): Promise<number> {
    const broker = await this.#createBroker(door);
    const entrance = new SocketEntrance({
      clock: this.#options.clock,
      rules: this.#rules,
      tls: this.#options.tls,
      onGuarded: (guard) => broker.handle(guard),
      onRefused: (address, reason) => this.#warn("connection.refused", { address, reason }),
    });
    this.#follow(broker, entrance);
    this.#running = { broker, entrance };
    try {
      await this.#announce(broker, true);
      return await entrance.open(this.#options);
    } catch (error) {
      this.#running = undefined;
      await close(broker);
      throw error;
    }
  }

  /** Rejects when no device could connect. */
  ping(): Promise<void> {
    if (this.#running !== undefined) return Promise.resolve();
    return Promise.reject(new BrokerError("NOT_RUNNING", "expected the broker to run"));
  }

  async publishDesired(device: DeviceId, envelope: Uint8Array): Promise<void> {
    await this.#publish(deviceTopics(device).desired, Buffer.from(envelope), 1);
  }

  async publishAck(device: DeviceId, message: AckMessage): Promise<void> {
    await this.#publish(deviceTopics(device).ack, Buffer.from(JSON.stringify(message)), 0);
  }

  async disconnect(device: DeviceId): Promise<void> {
    const client = this.#connected.get(device);
    if (client !== undefined) await close(client);
  }

  /** What is on its way of it is refused from now on, its will too; then its retained presence goes. */
  async expel(device: DeviceId): Promise<void> {
    this.#expulsions.expel(device);
    await this.disconnect(device);
    const broker = this.#running?.broker;
    const topic = deviceTopics(device).up("online");
    const nothing = { topic, payload: Buffer.alloc(0), qos: 1, retain: true } as const;
    if (broker !== undefined) await publish(broker, nothing);
  }

  /** Says good-bye, closes every connection, and lets the application finish what has arrived. */
  async [Symbol.asyncDispose](): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    if (running === undefined) return;
    const stopped = running.entrance.stopListening();
    const patience = wait(busLimits.goodbyeMsMax, undefined, { ref: false });
    await Promise.race([this.#announce(running.broker, false), patience]);
    await close(running.broker);
    running.entrance.cutEverything();
    await stopped;
    await this.#inbox.drained();
  }

  async #createBroker(door: DeviceDoor): Promise<Aedes> {
    const enrolments = new EnrolmentDesk({
      connectionMsMax: this.#rules.enrolConnectionMsMax,
      nowMs: this.#options.clock.nowMs,
      enrol: door.enrol,
      publish: (topic, payload) => this.#publish(topic, payload, 1),
    });
    const desk = new LoginDesk({
      credentials: credentials({ door, tls: this.#options.tls, nowMs: this.#options.clock.nowMs }),
      welcome: (id, client) => enrolments.welcome(id, client, guardOf(client)?.address ?? ""),
      admit: (device) => this.#takeoverRefusal(door, device),
      onRefused: (device, reason) => this.#warn("device.login-refused", { device, reason }),
    });
    const broker = await Aedes.createBroker({
      concurrency: busLimits.deliveriesMax,
      drainTimeout: busLimits.drainMsMax,
      connectTimeout: this.#rules.connectMsMax,
      maxInflightInbound: busLimits.inFlightMax,
      maxTopicLevels: 16,
      preConnect: (client, packet, done) => {
        desk.readNames(client, packet);
        this.#expulsions.begin(client, packet.clientId);
        done(null, true);
      },
      authenticate: (client, _username, password, done) => {
        void desk.login(client, password).then((refusal) => done(refusal, refusal === null));
      },
      authorizePublish: (client, packet, done) => {
        done(this.#publishError(client, packet, enrolments));
      },
      authorizeSubscribe: (client, subscription, done) => {
        done(null, this.#maySubscribe(client.id, subscription.topic) ? subscription : null);
      },
    });
    await this.#ingest(broker, door, enrolments);
    return broker;
  }

  /** A device that is here already: the newcomer takes its place, but not again and again. */
  #takeoverRefusal(door: DeviceDoor, device: DeviceId): string | undefined {
    if (this.#connected.get(device)?.closed !== false) return undefined;
    if (this.#takeovers.pauseMs(device) > 0) return "DUPLICATE";
    if (!this.#takeovers.taken(device)) return undefined;
    this.#warn("device.duplicate", { device });
    void door.duplicate(device);
    return undefined;
  }

  /** A refused publish closes the connection: MQTT 3.1.1 has no other way to say no. */
  #publishError(
    client: Client | null,
    packet: PublishPacket,
    enrolments: EnrolmentDesk,
  ): Error | null {
    const device = client?.id ?? "";
    // Its will too, which the broker publishes when it closes the connection.
    if (client !== null && this.#expulsions.has(client)) return new Error("REVOKED");
    const reason = publishRefusal(device, packet);
    const mayAsk = !isEnrolClientId(device) || enrolments.takeQuestion(device);
    if (reason === undefined && mayAsk) return null;
    const why = reason ?? "ASKED_TWICE";
    this.#warn("device.publish-refused", {
      device,
      reason: why,
      topic: packet.topic.slice(0, 128),
    });
    return new Error(why);
  }

  #maySubscribe(device: string, filter: string): boolean {
    if (isSubscribable(device, filter)) return true;
    this.#warn("device.subscribe-refused", { device, topic: filter.slice(0, 128) });
    return false;
  }

  #follow(broker: Aedes, entrance: SocketEntrance): void {
    broker.on("clientReady", (client) => {
      if (this.#expulsions.has(client)) {
        client.close();
        return;
      }
      this.#connected.set(client.id, client);
      this.#inbox.reopen(client.id);
      entrance.admit(client.conn, client.id);
      // aedes says clientDisconnect of the newer one when the older one of two with the same id closes late.
      client.conn.once("close", () => {
        if (this.#connected.get(client.id) === client) this.#connected.delete(client.id);
      });
    });
    const onBroken = (client: Client, error: Error): void =>
      this.#options.log.info(
        {
          event: "device.connection-broken",
          device: client.id || undefined,
          reason: error.message.slice(0, 128),
        },
        "a connection broke",
      );
    broker.on("clientError", onBroken);
    broker.on("connectionError", onBroken);
  }

  async #ingest(broker: Aedes, door: DeviceDoor, enrolments: EnrolmentDesk): Promise<void> {
    await hear(broker, everyDeviceUp, (packet) => {
      const topic = parseUpTopic(packet.topic);
      if (topic === undefined) return;
      void this.#inbox.run(topic.device, () => this.#receive(door, topic, packet));
    });
    await hear(broker, everyEnrolRequest, ({ topic, payload }) => {
      const client = parseEnrolTopic(topic);
      if (client === undefined) return;
      void this.#inbox.run(client, () => enrolments.answer(client, Buffer.from(payload)));
    });
  }

  async #receive(door: DeviceDoor, topic: UpTopic, packet: AedesPublishPacket): Promise<void> {
    try {
      await door.receive(topic, Buffer.from(packet.payload));
    } catch (error) {
      if (!isCodedError(error)) throw error;
      this.#warn("device.message-refused", {
        device: topic.device,
        topic: packet.topic,
        reason: error.code,
        detail: error.message,
      });
    }
  }

  async #announce(broker: Aedes, online: boolean): Promise<void> {
    const message: ControllerStateMessage = {
      v: 1,
      online,
      epoch: Buffer.from(this.#options.clock.randomBytes(8)).toString("hex"),
      protocol: PROTOCOL_MAJORS,
      jitterMs: busLimits.helloJitterMsMax,
    };
    await publish(broker, {
      topic: controllerStateTopic,
      payload: Buffer.from(JSON.stringify(message)),
      qos: 1,
      retain: true,
    });
  }

  async #publish(topic: string, payload: Buffer, qos: 0 | 1): Promise<void> {
    const broker = this.#running?.broker;
    if (broker !== undefined) await publish(broker, { topic, payload, qos, retain: false });
  }

  #warn(event: string, fields: Readonly<Record<string, string | undefined>>): void {
    this.#options.log.warn({ ...fields, event }, event.replaceAll(/[.-]/g, " "));
  }
}

function close(open: Aedes | Client): Promise<void> {
  return new Promise((resolve) => open.close(resolve));
}
