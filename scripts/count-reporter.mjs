// A vitest reporter that writes how many tests passed, failed and were skipped to the file LATCHKEY_TEST_COUNTS names.
import { writeFileSync } from 'node:fs';

export default class CountReporter {
  /** A file that breaks before its tests run, and an error outside any test, count as one failure each. */
  onTestRunEnd(modules, unhandledErrors) {
    const counts = { passed: 0, failed: unhandledErrors.length, skipped: 0 };
    for (const module of modules) {
      let failedHere = 0;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === 'passed') counts.passed += 1;
        else if (state === 'skipped') counts.skipped += 1;
        else failedHere += 1;
      }
      counts.failed += failedHere || (module.ok() ? 0 : 1);
    }
    if (process.env.LATCHKEY_TEST_COUNTS) writeFileSync(process.env.LATCHKEY_TEST_COUNTS, JSON.stringify(counts));
  }
}
