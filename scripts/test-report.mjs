import { writeFileSync } from "node:fs";
import { relative } from "node:path";
import { root } from "./bootstrap.mjs";

/**
 * A vitest reporter that writes to $TEST_REPORT: the number of tests, and the failures, including those outside of any
 * test.
 */
export default class TestReport {
  onTestRunEnd(modules, unhandledErrors) {
    const counts = { passed: 0, failed: 0, skipped: 0 };
    const failures = [];
    for (const module of modules) {
      const told = (where, errors) => {
        for (const error of errors)
          failures.push(`${relative(root, module.moduleId)}: ${where}: ${firstLine(error)}`);
      };
      // E.g. a server that its tests need did not start, or did not exit.
      told("outside of its tests", module.errors());
      for (const suite of module.children.allSuites()) told(suite.fullName, suite.errors());
      for (const test of module.children.allTests()) {
        const { state, errors } = test.result();
        counts[state] += 1;
        if (state === "failed") told(test.fullName, errors.slice(0, 1));
      }
    }
    for (const error of unhandledErrors) failures.push(`outside of any test: ${firstLine(error)}`);
    writeFileSync(process.env.TEST_REPORT, JSON.stringify({ counts, failures }));
  }
}

function firstLine({ name, message }) {
  return `${name}: ${message}`.split("\n")[0].slice(0, 200);
}
