import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

const isFull = process.env["TEST_FAULTS"] === "full";

/** Tests of VS Code in a browser take a core for each file. */
const HEAVY = { maxWorkers: 2, groupOrder: 2 };
/** Tests that start servers of their own wait about as much as they compute: three files for two cores. */
const WAITING = { maxWorkers: 3, groupOrder: 1 };
/** By itself vitest would leave a core alone, on such a machine every second one. */
const LIGHT = { maxWorkers: Math.max(2, availableParallelism() - 1), groupOrder: 0 };

/** What takes longest: of `npm run test:faults` up to four minutes, each alone on a quiet machine. */
const LONGEST_IN_FULL = [
  "test/faults/store-start.test.ts",
  "test/unit/daemon/runs/record/record-limit.test.ts",
  "test/faults/store-faults.test.ts",
  "test/unit/daemon/runs/record/resume.test.ts",
  "test/faults/hostile-servers.test.ts",
  "test/faults/daemon-kills.test.ts",
  "test/faults/cancel.test.ts",
  "test/faults/sshd-kills.test.ts",
  "test/unit/daemon/runs/command/command-line.test.ts",
  "test/faults/heavy-output.test.ts",
  "test/faults/durable.test.ts",
  "test/faults/partitions.test.ts",
  "test/unit/daemon/runs/command/pid-marker.test.ts",
  "test/faults/network-link.test.ts",
];

/** Of `npm test`, what would run on alone after all others: 30 to 90 seconds each. */
const LONGEST = [
  "test/daemon/bench.test.ts",
  "test/daemon/worker.test.ts",
  "test/daemon/unending-bodies.test.ts",
  "test/daemon/interoperability.test.ts",
  "test/daemon/durable.test.ts",
  "test/daemon/hung-daemon.test.ts",
  "test/faults/cancel.test.ts",
  "test/faults/floods.test.ts",
  "test/faults/durable.test.ts",
  "test/faults/hung-file-systems.test.ts",
  "test/faults/durable-late-stop.test.ts",
  "test/faults/durable-full-stop.test.ts",
  "test/faults/follow-all.test.ts",
];

/** So that all workers are done at about the same time. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const longest = isFull ? LONGEST_IN_FULL : LONGEST;
    const place = ({ moduleId }: TestSpecification): number => {
      const found = longest.findIndex((file) => moduleId.endsWith(`/${file}`));
      return found === -1 ? longest.length : found;
    };
    return (await super.sort(files)).toSorted((a, b) => place(a) - place(b));
  }
}

/** Scripts of other languages are text, as esbuild bundles them. */
const shellScripts = {
  name: "shell-scripts",
  transform: (code: string, id: string) =>
    /\.(?:sh|pl|bash|zsh|fish)$/.test(id)
      ? { code: `export default ${JSON.stringify(code)};`, map: null }
      : undefined,
};

export default defineConfig({
  test: {
    passWithNoTests: true,
    retry: 0,
    sequence: { sequencer: LongestFirst },
    projects: [
      project("unit", { testTimeout: 30_000, ...LIGHT }),
      project("contract", { testTimeout: 30_000, ...LIGHT }),
      project("daemon", { testTimeout: 60_000, hookTimeout: 60_000, ...WAITING }),
      overOpenSsh({ testTimeout: 180_000, hookTimeout: 60_000, ...WAITING }),
      project("editor", { testTimeout: 600_000, hookTimeout: 600_000, pollMs: 120_000, ...HEAVY }),
      project("faults", { testTimeout: 120_000, hookTimeout: 60_000, ...WAITING }),
    ],
  },
});

interface Limits {
  testTimeout: number;
  hookTimeout?: number;
  /** How long `expect.poll` goes on. */
  pollMs?: number;
  maxWorkers: number;
  /** One for each number of workers: vitest runs only projects with as many workers side by side. */
  groupOrder: number;
}

/** Tests of the daemon that run over either transport, once more over the system's ssh. */
function overOpenSsh(limits: Limits) {
  const { test, ...rest } = project("openssh", limits);
  const files = [
    "ssh-run",
    "ssh-hold",
    "ssh-pool",
    "ssh-jump",
    "ssh-host-keys",
    "host-test",
    "output",
    "stdin",
    "durable",
  ];
  const include = files.map((file) => `test/daemon/${file}.test.ts`);
  return { ...rest, test: { ...test, include, env: { TEST_TRANSPORT: "openssh" } } };
}

// A busy machine takes its time.
function project(name: string, { pollMs = 20_000, groupOrder, ...limits }: Limits) {
  const setupFiles = ["test/support/no-warnings.ts"];
  const poll = { timeout: pollMs };
  // All of the faults' full form have as many.
  const sequence = isFull ? {} : { groupOrder };
  return {
    plugins: [shellScripts],
    test: { name, include: [`test/${name}/**/*.test.ts`], setupFiles, expect: { poll }, sequence, ...limits },
  };
}
