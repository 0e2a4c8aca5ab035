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
const other = Object.hasOwn(programs, name ?? "") ? programs[name] : undefined;

try {
  const { main } = await (other ?? (() => import("@modelfleet/controller/cli")))();
  process.exitCode = await main(other === undefined ? process.argv.slice(2) : rest);
} catch (error) {
  if (error?.code !== "ERR_MODULE_NOT_FOUND" || !String(error.message).includes("dist"))
    throw error;
  console.error('not built yet: run "npm run build" first');
  process.exitCode = 1;
}
