import type { Random } from "../random.ts";
import type { Deadline } from "./mortal-controller.ts";

/** Share of deaths that come while the controller is still starting, or with nothing going on. */
const timedShare = 0.3;
const timedMsMax = 1_500;
const messagesMax = 60;
/** When the message that is waited for never comes. */
const idleMsMax = 4_000;
/** So that the points are spread over rollouts of both kinds. */
const pointsPerRollout = 8;

export interface RolloutKiller {
  readonly deadline: Deadline;
  /** A message of the controller has reached a device. */
  readonly heard: () => void;
  readonly left: () => number;
  /** Another rollout begins. */
  readonly next: () => void;
}

/** Kills the controller at so many points: after a random time, or with a random message to a device. */
export function rolloutKiller(random: Random, points: number, killed: () => void): RolloutKiller {
  let left = points;
  let leftOfThis = 0;
  let awaited = Number.POSITIVE_INFINITY;
  let strike: () => void = () => undefined;
  return {
    left: () => left,
    next: () => {
      leftOfThis = Math.min(left, pointsPerRollout);
    },
    heard: () => {
      awaited -= 1;
      if (awaited === 0) strike();
    },
    deadline: (kill) => {
      if (leftOfThis === 0) return undefined;
      strike = () => {
        strike = () => undefined;
        left -= 1;
        leftOfThis -= 1;
        killed();
        kill();
      };
      const isTimed = random.next() < timedShare;
      awaited = isTimed ? Number.POSITIVE_INFINITY : 1 + random.below(messagesMax);
      const timer = setTimeout(() => strike(), isTimed ? random.below(timedMsMax) : idleMsMax);
      return {
        [Symbol.dispose]: () => {
          clearTimeout(timer);
          strike = () => undefined;
        },
      };
    },
  };
}
