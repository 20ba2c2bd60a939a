import { defineConfig } from "vitest/config";

/** Tests that start servers or a browser of their own: at most two files at once on a two-core machine. */
const HEAVY = { maxWorkers: 2 };

export default defineConfig({
  test: {
    passWithNoTests: true,
    retry: 0,
    projects: [
      project("unit", { testTimeout: 10_000 }),
      project("contract", { testTimeout: 30_000 }),
      project("daemon", { testTimeout: 60_000, hookTimeout: 60_000, ...HEAVY }),
      project("editor", { testTimeout: 180_000, hookTimeout: 300_000, ...HEAVY }),
      project("faults", { testTimeout: 120_000, hookTimeout: 60_000, ...HEAVY }),
    ],
  },
});

function project(name: string, limits: { testTimeout: number; hookTimeout?: number; maxWorkers?: number }) {
  const setupFiles = ["test/support/no-warnings.ts"];
  return { test: { name, include: [`test/${name}/**/*.test.ts`], setupFiles, ...limits } };
}
