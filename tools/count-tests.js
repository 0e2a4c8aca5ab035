/** Prints "passed failed" of a Vitest JSON report; a report that is missing or holds no test counts as one failure. */
import { readFileSync } from "node:fs";

function count(path) {
  try {
    const { numPassedTests, numFailedTests } = JSON.parse(readFileSync(path, "utf8"));
    return numPassedTests > 0 ? [numPassedTests, numFailedTests] : [0, Math.max(1, numFailedTests)];
  } catch (error) {
    console.error(`no test report: ${error.message}`);
    return [0, 1];
  }
}

console.log(count(process.argv[2]).join(" "));
