/** Says so when npm's scripts fell back to the system's Node (they do, silently, when install scripts were off). */
const major = Number(process.versions.node.split(".")[0]);
if (major < 22) {
  console.error(
    `expected Node 22.13 or later (the npm package "node" brings 24), got ${process.version}: run "npm ci" with install scripts allowed`,
  );
  process.exitCode = 1;
}
