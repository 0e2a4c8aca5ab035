import type { Plugin } from "esbuild";

/** By the name a package is asked for: what stands for it in the bundle. */
const stands: Readonly<Record<string, string>> = {
  // The same streams as Node's own, once more, for what is older than they are.
  "readable-stream": `module.exports = require("stream");`,
  // Ways of MQTT.js that the agent never goes: WebSockets, proxies, timers in a browser.
  ws: "module.exports = {};",
  "worker-timers": "module.exports = {};",
  // A log that another thread writes: the agent's goes to its own standard output. The rest of pino asks where it is.
  "thread-stream": "module.exports = {};",
  worker_threads: "module.exports = { isMainThread: true };",
  "./socks": `module.exports = () => { throw new Error("expected no SOCKS proxy: the agent has none"); };`,
  // And its numbers for topics, which the agent never sends, and its log for whoever sets DEBUG.
  "lru-cache": "exports.LRUCache = class {};",
  debug: "module.exports = () => () => {};",
  // Parts of Node, once they are asked for: TLS by a broker's address, assertions when a log is closed.
  tls: `exports.connect = (...given) => require("node:tls").connect(...given);`,
  assert: `module.exports = (...given) => require("node:assert")(...given);`,
};

/** Leaves out what MQTT.js and pino load and the agent has no use for, or not yet. */
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
