// Loaded by the daemon that is measured: at SIGUSR2 it collects all garbage, and gives what that frees back to the system, as
// an idle daemon does when it is worth it.
process.on("SIGUSR2", () => globalThis.gc({ type: "major", flavor: "last-resort" }));
