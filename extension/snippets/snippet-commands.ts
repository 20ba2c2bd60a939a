import * as vscode from "vscode";
import type { Host } from "../../protocol/host.ts";
import type { Run } from "../../protocol/run.ts";
import { type ExpandedSnippet, type NewSnippet, SnippetName } from "../../protocol/snippet.ts";
import { secretVariable } from "../../protocol/snippet-text.ts";
import type { Daemon } from "../daemon/daemon.ts";
import { askHost } from "../hosts/host-choice.ts";
import { whereLabel } from "../hosts/host-labels.ts";
import type { HostList } from "../hosts/host-list.ts";
import { askChoice, commandLabel, plainLabel } from "../input/choice.ts";
import { askText, schemaProblem } from "../input/text-input.ts";
import type { JobCommands } from "../jobs/job-commands.ts";
import { askTargets } from "../jobs/job-targets.ts";
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
  readonly jobs: Pick<JobCommands, "resolve" | "start">;
  /** Adds a host, with an address that may have been typed already as `text`; undefined if the user cancels. */
  addHost(text: string): Promise<Host | undefined>;
  /** Reads the lists, unless they have been read. */
  start(): Promise<void>;
}

/** For more hosts, only the commands of the first ones are shown. */
const maxCommands = 200;

/** Saved commands with inputs. */
export class SnippetCommands {
  readonly #parts: SnippetCommandParts;

  constructor(parts: SnippetCommandParts) {
    this.#parts = parts;
  }

  /** Asks for the snippet, the host and the inputs, and shows the expanded command before it runs. */
  async run(): Promise<void> {
    await this.#parts.start();
    const listed = await this.#choose(vscode.l10n.t("Run Snippet"), () => true);
    if (listed === undefined) return;
    const { snippet } = listed;
    const where = await this.#askWhere(snippet);
    if (where === undefined) return;
    const { name, inputs } = snippet;
    const given =
      inputs.length === 0 ? { values: {}, secrets: {} } : await askInputs(name, inputs, this.#parts);
    if (given === undefined) return;
    if ("targets" in where) await this.#runJob(snippet, where.targets, given);
    else await this.#runOn(where, snippet, given);
  }

  async #runOn(host: Host, snippet: NewSnippet, given: SnippetValues): Promise<void> {
    const { command } = (await this.#expanded(snippet, given, { host: host.name })) ?? {};
    if (command === undefined || !(await this.#isWanted(snippet.name, host, command))) return;
    const { durable, sudo, ...more } = snippet.options;
    await this.#parts.runs.begin({
      host,
      command,
      durable,
      sudo,
      more: { ...more, secretEnv: secretsOf(given) },
    });
  }

  /** The confirmation of a job shows each host with its own command. */
  async #runJob(snippet: NewSnippet, targets: readonly string[], given: SnippetValues): Promise<void> {
    const { jobs } = this.#parts;
    const resolved = await jobs.resolve(targets);
    if (resolved === undefined) return;
    const { hosts } = resolved;
    const expanded = await this.#expanded(snippet, given, { hosts: hosts.slice(0, maxCommands) });
    if (expanded === undefined) return;
    const { command, template } = expanded;
    const commands = new Map(expanded.commands.map((each) => [each.host, each.command]));
    const { durable, sudo, ...more } = snippet.options;
    const options = { ...more, template, secretEnv: secretsOf(given) };
    await jobs.start({ targets: hosts, command, durable, sudo, options, commands });
  }

  /** Saves the command of a run, with its options, as a snippet. */
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
      // Braces in it must stay literal.
      command: run.command.replaceAll("{{", "{{{{"),
      options: Object.fromEntries(set),
    };
    const made = await this.#parts.report.attempt(vscode.l10n.t("The snippet could not be saved"), () =>
      this.#parts.daemon.call("createSnippet", { body }),
    );
    if (made === undefined) return;
    const edit = vscode.l10n.t("Edit");
    const kept = vscode.l10n.t("Saved as “{0}”. Edit it to add inputs.", oneLine(made.name));
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
      void offerSaving();
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

  /** The snippet's own targets are offered first. */
  async #askWhere({
    name,
    targets,
  }: NewSnippet): Promise<Host | { readonly targets: readonly string[] } | undefined> {
    const { hosts } = this.#parts.hosts;
    const frame = { title: vscode.l10n.t("Run {0}", name), step: 1, totalSteps: 1 };
    const own = targets.length === 1 ? hosts.find((host) => host.name === targets[0]) : undefined;
    if (targets.length > 0 && own === undefined) {
      const description = vscode.l10n.t("the snippet's own targets");
      const answer = await askChoice<"own" | "other">(
        {
          placeholder: vscode.l10n.t("Choose where to run it"),
          items: [
            { label: plainLabel(targets.join(" ")), description, value: "own" },
            { label: vscode.l10n.t("Other Hosts…"), value: "other" },
          ],
        },
        frame,
      );
      if (typeof answer === "string") return undefined;
      if (answer.value === "own") return { targets };
    }
    const answer = await askHost(
      {
        placeholder: vscode.l10n.t("Choose the host to run on, or type user@host"),
        hosts,
        runs: this.#parts.runList.runs,
        chosen: own,
        unsaved: true,
        several: true,
      },
      frame,
    );
    if (typeof answer === "string") return undefined;
    if (answer.value === "several") {
      const several = await askTargets(hosts, frame);
      return typeof several === "string" ? undefined : { targets: several.value };
    }
    return "add" in answer.value ? this.#parts.addHost(answer.value.add) : answer.value;
  }

  /** Undefined if it cannot be expanded, which has been reported. */
  #expanded(
    snippet: NewSnippet,
    { values: inputs }: SnippetValues,
    where: { readonly host: string } | { readonly hosts: string[] },
  ): Promise<ExpandedSnippet | undefined> {
    const { daemon, report } = this.#parts;
    return report.attempt(vscode.l10n.t("The snippet cannot be run"), () =>
      daemon.call("expandTemplate", { body: { snippet, inputs: { ...inputs }, ...where } }),
    );
  }

  /** Shows the expanded command, which runs only if the user chooses it explicitly. */
  async #isWanted(name: string, host: Host, command: string): Promise<boolean> {
    const title = vscode.l10n.t(
      "Run on {0}",
      whereLabel(host, this.#parts.hosts.production(host) !== undefined),
    );
    const label = commandLabel(command, 1000);
    const description = vscode.l10n.t("run on {0}", oneLine(host.name));
    const placeholder = vscode.l10n.t("This is what {0} will run: select it and press Enter", oneLine(name));
    const answer = await askChoice<true>(
      { placeholder, items: [{ label, description, alwaysShow: true, value: true }], preselects: false },
      { title, step: 1, totalSteps: 1 },
    );
    return typeof answer !== "string";
  }
}

function secretsOf({ secrets }: SnippetValues): Record<string, string> {
  return Object.fromEntries(Object.entries(secrets).map(([name, value]) => [secretVariable(name), value]));
}

async function offerSaving(): Promise<void> {
  const save = vscode.l10n.t("Save a Run as Snippet…");
  const answer = await vscode.window.showInformationMessage(
    vscode.l10n.t("There are no snippets yet."),
    save,
  );
  if (answer === save) await vscode.commands.executeCommand("hostrun.saveSnippet");
}
