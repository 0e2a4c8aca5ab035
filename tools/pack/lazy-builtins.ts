import { createRequire } from "node:module";
import type { Plugin } from "esbuild";

const NODE = /^node:/;
/** What a file imports by name: that alone is read. */
const BY_NAME = "node-by-name";
/** What is imported while the program runs: the part as it is. */
const WHOLE = "node-whole";

/**
 * Parts of Node by `require` where the sources say `import`, and of each part only what somebody imports by name. An import
 * by Node reads every export of the part at once, and for some of them Node then loads a library: `import "node:http"`
 * reads `http.WebSocket` and so brings undici, which nothing here uses (Node 24: 14 MB). And what esbuild makes of such a
 * part by itself is an object with a getter for every export, once for each file that imports it: 0.6 MB of heap, and more
 * of Node loaded to make them.
 */
export const lazyBuiltins: Plugin = {
  name: "lazy-builtins",
  setup: (build) => {
    build.onResolve({ filter: NODE }, ({ path, namespace, kind }) => {
      const isOurs = namespace === BY_NAME || namespace === WHOLE;
      if (isOurs || kind === "require-call") return { path, external: true };
      return { path, namespace: kind === "import-statement" ? BY_NAME : WHOLE };
    });
    build.onLoad({ filter: NODE, namespace: WHOLE }, ({ path }) => ({
      contents: `module.exports = require(${JSON.stringify(path)});`,
    }));
    build.onLoad({ filter: NODE, namespace: BY_NAME }, ({ path }) => ({ contents: byName(path) }));
  },
};

const requirePart = createRequire(import.meta.url);
const identifier = /^[A-Za-z_$][\w$]*$/;

/** Marked as pure, so that esbuild leaves out what nobody imports. */
function byName(path: string): string {
  // The Node that packs may have names which a device's has not: it is asked for those alone that are imported.
  const part: unknown = requirePart(path);
  const isFunction = typeof part === "function";
  const names = isFunction || (typeof part === "object" && part !== null) ? Object.keys(part) : [];
  return [
    `const part = /* @__PURE__ */ require(${JSON.stringify(path)});`,
    "const read = (name) => part[name];",
    "export default part;",
    ...names
      .filter((name) => identifier.test(name))
      .flatMap((name, i) => [
        `const export${i} = /* @__PURE__ */ read(${JSON.stringify(name)});`,
        `export { export${i} as ${name} };`,
      ]),
  ].join("\n");
}
