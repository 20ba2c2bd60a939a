import type { Daemon } from "../daemon/daemon.ts";
import type { ProblemReport } from "../problem-report.ts";
import type { OwnQuestions } from "../prompts/own-questions.ts";
import type { HostList } from "./host-list.ts";

/** What is needed to edit hosts and to report failures. */
export interface HostEditContext {
  readonly daemon: Daemon;
  readonly hosts: HostList;
  readonly report: ProblemReport;
  /** Marks prompts as belonging to this window. */
  readonly own: OwnQuestions;
}
