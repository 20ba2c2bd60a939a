import type { RemoteProcess } from "./remote.ts";

/**
 * Asks a remote process to end, harder each time: INT now, TERM after most of the grace time, KILL at its
 * end, and then the channel is given up. Returns a function that calls the rest off.
 */
export function stopGradually(process: RemoteProcess, graceMs: number): () => void {
  const steps: [number, () => void][] = [
    [graceMs * 0.6, () => process.signal("TERM")],
    [graceMs, () => process.signal("KILL")],
    [graceMs + 500, () => process.close()],
  ];
  process.signal("INT");
  const timers = steps.map(([afterMs, step]) => setTimeout(step, afterMs));
  return () => {
    for (const timer of timers) clearTimeout(timer);
  };
}
