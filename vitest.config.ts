/** `unit` on every core; `e2e` two files at once, on the packed and installed program; `timed` alone; `lab`, the machines that it is tried on. */
import { defineConfig } from "vitest/config";
import { hasLab } from "./test/lab/base.ts";

/** Tests with a limit in seconds: what else runs on the machine would count too. */
const timed = ["test/e2e/smoke-test.test.ts"];

export default defineConfig({
  test: {
    reporters: ["default", "./test/faults/reporter.ts"],
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: ["test/e2e/**", "test/full/**", "test/lab/**", "test/package/**"],
          // By itself vitest leaves one core to nobody: much of what is tried here waits.
          maxWorkers: "100%",
          sequence: { groupOrder: 1 },
          testTimeout: 60_000,
          hookTimeout: 120_000,
          // What is awaited are mostly other processes, on cores that have other work.
          expect: { poll: { timeout: 30_000 } },
        },
      },
      {
        test: {
          name: "e2e",
          include: ["test/package/**/*.test.ts", "test/e2e/**/*.test.ts"],
          exclude: [...timed, ...(hasLab() ? [] : ["test/e2e/{aws,ssh}-*.test.ts"])],
          globalSetup: ["test/e2e/setup.ts"],
          // Servers that start take a core each, and are waited for at least as long.
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
      {
        test: {
          name: "timed",
          include: timed,
          globalSetup: ["test/e2e/setup.ts"],
          fileParallelism: false,
          sequence: { groupOrder: 3 },
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
      {
        test: {
          name: "lab",
          include: ["test/lab/**/*.test.ts"],
          globalSetup: ["test/lab/setup.ts"],
          fileParallelism: false,
          sequence: { groupOrder: 4 },
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: "full",
          include: ["test/full/**/*.test.ts"],
          globalSetup: ["test/e2e/setup.ts"],
          fileParallelism: false,
          sequence: { groupOrder: 5 },
          testTimeout: 600_000,
          hookTimeout: 600_000,
        },
      },
    ],
  },
});
