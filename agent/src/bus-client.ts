/** How an agent speaks to a broker, for programs of ours that pose as many agents (the simulator). */

export { systemClock } from "./adapters/clock/system-clock.ts";
export { createMqttBus } from "./adapters/mqtt-bus/mqtt-bus.ts";
export type { Log } from "./ports/log.ts";
