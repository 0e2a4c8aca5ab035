#!/usr/bin/env node
import { main } from "../dist/main.js";

// Whoever read what this says may have gone, as `| head` does.
process.stdout.on("error", (error) => {
  if (error.code !== "EPIPE") throw error;
});
process.exitCode = await main(process.argv.slice(2));
