import * as vscode from "vscode";
import { createConfirmation } from "../runs/command-confirmation.ts";
import { taskType } from "./run-task.ts";
import { RunningTasks } from "./running-tasks.ts";
import { type TaskContext, TaskTerminal } from "./task-terminal.ts";

interface TaskParts extends Pick<TaskContext, "daemon" | "hosts" | "own" | "starter" | "start"> {
  readonly extensionUri: vscode.Uri;
  readonly workspaceState: vscode.Memento;
}

/** Tasks of tasks.json that run a command on a host, or on many. None are contributed automatically. */
export function provideTasks({ extensionUri, workspaceState, ...parts }: TaskParts): vscode.Disposable {
  const window = new AbortController();
  const context: TaskContext = {
    ...parts,
    running: new RunningTasks(workspaceState),
    confirm: createConfirmation(extensionUri, parts.hosts),
    windowGone: window.signal,
  };
  const provider = vscode.tasks.registerTaskProvider(taskType, {
    provideTasks: () => [],
    resolveTask: ({ definition, scope, name }) =>
      new vscode.Task(
        definition,
        scope ?? vscode.TaskScope.Workspace,
        name,
        taskType,
        new vscode.CustomExecution((resolved) => Promise.resolve(new TaskTerminal(resolved, context))),
      ),
  });
  return vscode.Disposable.from(provider, { dispose: () => window.abort() });
}
