import { expect, test, vi } from "vitest";
import { passStdin } from "../../../../cli/run/stdin.ts";
import { Problem } from "../../../../protocol/problem.ts";

/** What is told on standard error when input is passed on and that fails. */
async function toldOf(failure: Problem): Promise<string> {
  const told: string[] = [];
  using _ = vi.spyOn(process.stderr, "write").mockImplementation((text) => told.push(String(text)) > 0);
  process.stdin.unshift("typed\n");
  const daemon = { writeStdin: () => Promise.reject(failure) };
  await passStdin(daemon, "run", { signal: new AbortController().signal, keys: false });
  return told.join("");
}

test("what becomes of a run whose daemon is gone is told by its reader, and not as a failure of its input", async () => {
  const unreachable = (reason: string) => new Problem("daemon_unreachable", "Nobody listens.", { reason });
  expect(await toldOf(unreachable("not_running"))).toBe("");
  expect(await toldOf(unreachable("cut"))).toBe("");
  expect(await toldOf(unreachable("not_allowed"))).toContain(
    "Standard input was not passed on: Nobody listens.",
  );
});

test("a command that ends before it has read its input is no failure, and one that takes none is", async () => {
  expect(await toldOf(new Problem("conflict", "It has ended."))).toBe("");
  const refused = new Problem("invalid_request", "It was given its input.");
  expect(await toldOf(refused)).toContain("Standard input was not passed on: It was given its input.");
});
