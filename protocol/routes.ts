/**
 * The endpoints that the command line calls without their schemas, as `hostrun run` does; kept apart from the schemas,
 * which take longer to build than everything else.
 */
export const routes = {
  health: { method: "GET", path: "/api/health" },
  createRun: { method: "POST", path: "/api/runs" },
  runEvents: { method: "GET", path: "/api/runs/:run/events" },
  runOutput: { method: "GET", path: "/api/runs/:run/output" },
  runStdin: { method: "POST", path: "/api/runs/:run/stdin" },
  answerPrompt: { method: "POST", path: "/api/prompts/:prompt" },
  backup: { method: "GET", path: "/api/backup" },
  declinePrompt: { method: "DELETE", path: "/api/prompts/:prompt" },
} as const;
