import * as vscode from "vscode";
import type { Host } from "../../protocol/host.ts";
import type { Run } from "../../protocol/run.ts";
import { SnippetName } from "../../protocol/snippet.ts";
import { expandTemplate, secretVariable, usesHost } from "../../protocol/snippet-text.ts";
import type { Daemon } from "../daemon/daemon.ts";
import { askHost } from "../hosts/host-choice.ts";
import { whereWords } from "../hosts/host-labels.ts";
import type { HostList } from "../hosts/host-list.ts";
import { askChoice, commandLabel, plainLabel } from "../input/choice.ts";
import { askText, schemaProblem } from "../input/text-input.ts";
import { oneLine, shortened } from "../plain-text.ts";
import type { ProblemReport } from "../problem-report.ts";
import type { RunCommands } from "../runs/run-commands.ts";
import type { RunList } from "../runs/run-list.ts";
import { type ListedSnippet, listSnippets } from "./listed-snippets.ts";
import type { SnippetFiles } from "./snippet-files.ts";
import { askInputs, type SnippetValues } from "./snippet-inputs.ts";

export interface SnippetCommandParts {
  readonly daemon: Daemon;
  readonly hosts: HostList;
  readonly runList: RunList;
  readonly runs: RunCommands;
  readonly files: SnippetFiles;
  readonly report: ProblemReport;
  /** Has the lists read, if they were not. */
  start(): Promise<void>;
}

/** Commands with inputs that are kept to be run again. */
export class SnippetCommands {
  readonly #parts: SnippetCommandParts;

  constructor(parts: SnippetCommandParts) {
    this.#parts = parts;
  }

  /** Asks which, where and with what, and shows the finished command before it runs. */
  async run(): Promise<void> {
    await this.#parts.start();
    const listed = await this.#choose(vscode.l10n.t("Run Snippet"), () => true);
    if (listed === undefined) return;
    const { name, inputs, options } = listed.snippet;
    const host = await this.#askHost(listed);
    if (host === undefined) return;
    const { hosts } = this.#parts.hosts;
    const given = inputs.length === 0 ? { values: {}, secrets: {} } : await askInputs(name, inputs, hosts);
    if (given === undefined) return;
    const command = await this.#finished(listed, host, given);
    if (command === undefined || !(await this.#isWanted(name, host, command))) return;
    const { durable, sudo, ...more } = options;
    const secretEnv: Record<string, string> = {};
    for (const [input, value] of Object.entries(given.secrets)) secretEnv[secretVariable(input)] = value;
    await this.#parts.runs.begin({ host, command, durable, sudo, more: { ...more, secretEnv } });
  }

  /** Keeps the command of a run, with its options. */
  async save(row?: Run): Promise<void> {
    const title = vscode.l10n.t("Save as Snippet");
    const run = await this.#parts.runs.chosen(row, title, () => true);
    if (run === undefined) return;
    const problem = (text: string): string | undefined => schemaProblem(SnippetName, text);
    const prompt = vscode.l10n.t("A name for {0}", shortened(oneLine(run.command), 100));
    const answer = await askText({ prompt, value: "", problem }, { title, step: 1, totalSteps: 1 });
    if (typeof answer === "string") return;
    const { useBash, loginShell, cwd, pty, sudo, durable } = run.options;
    const options = { useBash, loginShell, cwd, pty, sudo, durable };
    const set = Object.entries(options).filter(([, value]) => value !== undefined && value !== null);
    const body = {
      name: answer.value,
      // Its braces are its own.
      command: run.command.replaceAll("{{", "{{{{"),
      options: Object.fromEntries(set),
    };
    const made = await this.#parts.report.attempt(vscode.l10n.t("The snippet could not be kept"), () =>
      this.#parts.daemon.call("createSnippet", { body }),
    );
    if (made === undefined) return;
    const edit = vscode.l10n.t("Edit");
    const kept = vscode.l10n.t("Kept as “{0}”. Edit it to give it inputs.", oneLine(made.name));
    if ((await vscode.window.showInformationMessage(kept, edit)) === edit)
      await this.#parts.files.open(made.id, made.name);
  }

  async edit(): Promise<void> {
    const listed = await this.#choose(vscode.l10n.t("Edit Snippet"), ({ id }) => id !== null);
    if (typeof listed?.id === "number") await this.#parts.files.open(listed.id, listed.snippet.name);
  }

  async remove(): Promise<void> {
    const listed = await this.#choose(vscode.l10n.t("Delete Snippet"), ({ id }) => id !== null);
    if (listed === undefined) return;
    const remove = vscode.l10n.t("Delete");
    const { name, command } = listed.snippet;
    const question = vscode.l10n.t('Delete the snippet "{0}"?', oneLine(name));
    const detail = shortened(command, 500);
    if ((await vscode.window.showWarningMessage(question, { modal: true, detail }, remove)) !== remove)
      return;
    await this.#parts.report.attempt(vscode.l10n.t("The snippet could not be deleted"), () =>
      this.#parts.daemon.call("deleteSnippet", { params: { snippet: String(listed.id) } }),
    );
  }

  async #choose(title: string, fits: (listed: ListedSnippet) => boolean): Promise<ListedSnippet | undefined> {
    const what = vscode.l10n.t("The snippets could not be read");
    const list = await this.#parts.report.attempt(what, () => listSnippets(this.#parts.daemon));
    if (list === undefined) return undefined;
    const [problem, ...more] = list.problems;
    if (problem !== undefined) {
      const others = more.length === 0 ? "" : ` ${vscode.l10n.t("{0} more cannot be used.", more.length)}`;
      void vscode.window.showWarningMessage(`${problem}${others}`);
    }
    const snippets = list.snippets.filter(fits);
    if (snippets.length === 0) {
      const none = vscode.l10n.t("There are no snippets. Save a run as one: “Hostrun: Save as Snippet…”.");
      void vscode.window.showInformationMessage(none);
      return undefined;
    }
    const items = snippets.map((listed) => {
      const { name, description, command } = listed.snippet;
      const detail = plainLabel(description === "" ? command : oneLine(description));
      return { label: plainLabel(name), description: listed.folder ?? "", detail, value: listed };
    });
    const placeholder = vscode.l10n.t("Choose a snippet");
    const answer = await askChoice<ListedSnippet>({ placeholder, items }, { title, step: 1, totalSteps: 1 });
    return typeof answer === "string" ? undefined : answer.value;
  }

  async #askHost({ snippet }: ListedSnippet): Promise<Host | undefined> {
    const { hosts } = this.#parts.hosts;
    const answer = await askHost(
      {
        placeholder: vscode.l10n.t("Choose the host to run on, or type user@host"),
        hosts,
        runs: this.#parts.runList.runs,
        chosen: hosts.find(({ name }) => name === snippet.targets[0]),
        unsaved: true,
      },
      { title: vscode.l10n.t("Run {0}", snippet.name), step: 1, totalSteps: 1 },
    );
    if (typeof answer === "string" || typeof answer.value === "string") return undefined;
    return "name" in answer.value ? answer.value : undefined;
  }

  /** undefined: it cannot be finished, which was told. */
  #finished(
    { snippet, id }: ListedSnippet,
    host: Host,
    { values }: SnippetValues,
  ): Promise<string | undefined> {
    const { daemon, report } = this.#parts;
    return report.attempt(vscode.l10n.t("The snippet cannot be run"), async () => {
      const needsHost = usesHost(snippet.command);
      if (id !== null) {
        const body = { inputs: values, host: needsHost ? host.name : null };
        return (await daemon.call("expandSnippet", { params: { snippet: String(id) }, body })).command;
      }
      const place = needsHost ? await daemon.call("getHost", { params: { host: host.name } }) : undefined;
      const { name, address, port, user, group } = place ?? host;
      const of = { name, address, port: String(port), user: user ?? "", group: group ?? "" };
      return expandTemplate(snippet.command, snippet.inputs, { values, host: of });
    });
  }

  /** The finished command, which runs only where the person goes to it. */
  async #isWanted(name: string, host: Host, command: string): Promise<boolean> {
    const title = vscode.l10n.t(
      "Run on {0}",
      whereWords(host, this.#parts.hosts.production(host) !== undefined),
    );
    const label = commandLabel(command, 1000);
    const description = vscode.l10n.t("run on {0}", oneLine(host.name));
    const placeholder = vscode.l10n.t("This is what {0} runs: go to it and press Enter", oneLine(name));
    const answer = await askChoice<true>(
      { placeholder, items: [{ label, description, alwaysShow: true, value: true }], preselects: false },
      { title, step: 1, totalSteps: 1 },
    );
    return typeof answer !== "string";
  }
}
