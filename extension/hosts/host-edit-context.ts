import type { Daemon } from "../daemon/daemon.ts";
import type { ProblemReport } from "../problem-report.ts";
import type { OwnQuestions } from "../prompts/own-questions.ts";
import type { HostList } from "./host-list.ts";

/** What it takes to change hosts and to tell what failed. */
export interface HostEditContext {
  readonly daemon: Daemon;
  readonly hosts: HostList;
  readonly report: ProblemReport;
  /** Whose questions are asked at this window. */
  readonly own: OwnQuestions;
}
