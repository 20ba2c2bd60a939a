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

/** What takes longest of `npm run test:faults`, from four minutes to half of one, each alone on a quiet machine. */
const LONGEST = [
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

/** So that both workers are done at about the same time. */
class LongestFirst extends BaseSequencer {
  override sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification): number => {
      const found = LONGEST.findIndex((file) => moduleId.endsWith(`/${file}`));
      return found === -1 ? LONGEST.length : found;
    };
    return Promise.resolve(files.toSorted((a, b) => place(a) - place(b)));
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
    ...(isFull && { sequence: { sequencer: LongestFirst } }),
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
