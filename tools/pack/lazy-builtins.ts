import type { Plugin } from "esbuild";

const NODE = /^node:/;
const NAMESPACE = "node";

/**
 * Parts of Node by `require` where the sources say `import`. An import reads every export of the part at once, and for
 * some of them Node then loads a library: `import "node:http"` reads `http.WebSocket` and so brings undici, which nothing
 * here uses (Node 24: 14 MB).
 */
export const lazyBuiltins: Plugin = {
  name: "lazy-builtins",
  setup: (build) => {
    build.onResolve({ filter: NODE }, ({ path, namespace }) =>
      namespace === NAMESPACE ? { path, external: true } : { path, namespace: NAMESPACE },
    );
    build.onLoad({ filter: NODE, namespace: NAMESPACE }, ({ path }) => ({
      contents: `module.exports = require(${JSON.stringify(path)});`,
    }));
  },
};
