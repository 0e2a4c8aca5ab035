import type { Plugin } from "esbuild";

/** By the name a package is asked for: what stands for it in the bundle. */
const stands: Readonly<Record<string, string>> = {
  // The same streams as Node's own, once more, for what is older than they are.
  "readable-stream": `module.exports = require("stream");`,
  // Ways of MQTT.js that the agent never goes: WebSockets, proxies, timers in a browser.
  ws: "module.exports = {};",
  socks: "module.exports = {};",
  "worker-timers": "module.exports = {};",
  // A log that another thread writes: the agent's goes to its own standard output. The rest of pino asks where it is.
  "thread-stream": "module.exports = {};",
  worker_threads: "module.exports = { isMainThread: true };",
};

/** Leaves out what MQTT.js and pino load and the agent has no use for. */
export const leaveOut: Plugin = {
  name: "leave-out",
  setup: (build) => {
    const filter = new RegExp(`^(${Object.keys(stands).join("|")})$`);
    build.onResolve({ filter }, ({ path }) => ({ path, namespace: "left-out" }));
    build.onLoad({ filter, namespace: "left-out" }, ({ path }) => ({
      contents: stands[path] ?? "",
    }));
  },
};
