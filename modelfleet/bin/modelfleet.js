#!/usr/bin/env node
// One command for people; each program stays a package of its own, started here by name.
const programs = {
  agent: () => import("@modelfleet/agent/program"),
  demo: () => import("../dist/demo/main.js"),
  simulate: () => import("../dist/simulator/main.js"),
};

// Whoever read what this says may have gone, as `| head` does.
process.stdout.on("error", (error) => {
  if (error.code !== "EPIPE") throw error;
});

const [, , name, ...rest] = process.argv;

/** As in `engines`: the database of the controller is Node's own. A device may have an older one. */
const [major, minor] = process.versions.node.split(".").map(Number);
const isTooOld = name !== "agent" && (major < 22 || (major === 22 && minor < 13));

const other = Object.hasOwn(programs, name ?? "") ? programs[name] : undefined;

async function run() {
  try {
    const { main } = await (other ?? (() => import("@modelfleet/controller/cli")))();
    return await main(other === undefined ? process.argv.slice(2) : rest);
  } catch (error) {
    if (error?.code !== "ERR_MODULE_NOT_FOUND" || !String(error.message).includes("dist"))
      throw error;
    console.error('not built yet: run "npm run build" first');
    return 1;
  }
}

function refuseNode() {
  console.error(
    `modelfleet needs Node 22.13 or later, and this is ${process.versions.node}; in a checkout "npx modelfleet …" brings its own`,
  );
  return 1;
}

process.exitCode = isTooOld ? refuseNode() : await run();
