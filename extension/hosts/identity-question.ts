import { homedir } from "node:os";
import { join } from "node:path";
import * as vscode from "vscode";
import type { Key } from "../../protocol/key.ts";
import { askChoice, plainLabel, type ChoiceItem } from "../input/choice.ts";
import type { Answer, StepFrame } from "../input/steps.ts";
import { keyFileProblem } from "./host-doubts.ts";
import type { HostQuestion } from "./host-questions.ts";
import { homePath } from "./ssh-config-page.ts";

interface IdentityChoice {
  readonly file: string | null;
  readonly keys: () => Promise<readonly Key[]>;
  /** What was typed before, and what is wrong with it. */
  readonly typed?: string;
  readonly problem?: string;
}

/** Asks which key file to use for logging in to a host. `keys`: the existing ones; it may reject. */
export function askIdentity(keys: () => Promise<readonly Key[]>): HostQuestion {
  return async ({ identityFile: file }, frame) => {
    let choice: IdentityChoice = { file, keys };
    for (;;) {
      const answer = await askFile(choice, frame);
      if (typeof answer === "string") return answer;
      const path = answer.value === "browse" ? await browse() : answer.value.trim();
      if (path === "") return { value: { identityFile: null } };
      const problem = path === undefined ? undefined : await keyFileProblem(path);
      if (path !== undefined && problem === undefined) return { value: { identityFile: path } };
      choice = {
        file,
        keys,
        ...(problem !== undefined && path !== undefined ? { typed: path, problem } : {}),
      };
    }
  };
}

function askFile({ file, keys, typed, problem }: IdentityChoice, frame: StepFrame): Promise<Answer<string>> {
  const usual: ChoiceItem<string> = {
    label: vscode.l10n.t("SSH agent and the usual key files"),
    detail: vscode.l10n.t("The keys of your agent, then ~/.ssh/id_ed25519 and the like"),
    value: "",
  };
  const standing = file === null ? [] : [{ label: plainLabel(file), value: file }];
  const other: ChoiceItem<string> = { label: vscode.l10n.t("Choose Key File…"), value: "browse" };
  return askChoice<string>(
    {
      placeholder: vscode.l10n.t("How to log in"),
      items: [usual, ...standing, other],
      more: keys().then((all) => [usual, ...standing, ...all.flatMap(keyEntry(file)), other]),
      active: (value) => value === (file ?? ""),
      filter: typed ?? "",
      typed: (text) => ({
        label: plainLabel(text),
        description: vscode.l10n.t("key file"),
        // Shown for what was typed before, until the text changes.
        ...(text === typed && problem !== undefined ? { detail: `$(error) ${plainLabel(problem)}` } : {}),
        value: text,
        alwaysShow: true,
      }),
    },
    frame,
  );
}

/** An entry for a key that has a file, unless it is listed already. */
function keyEntry(standing: string | null): (key: Key) => readonly ChoiceItem<string>[] {
  return ({ path, type, comment, encrypted }) => {
    if (path === null || path === standing) return [];
    const notes = [type, ...(comment === null ? [] : [comment])];
    if (encrypted === true) notes.push(vscode.l10n.t("passphrase"));
    return [{ label: plainLabel(homePath(path)), description: plainLabel(notes.join(" · ")), value: path }];
  };
}

/** Undefined if the user cancels. */
async function browse(): Promise<string | undefined> {
  const [file] =
    (await vscode.window.showOpenDialog({
      title: vscode.l10n.t("Choose a private key file"),
      openLabel: vscode.l10n.t("Use This Key"),
      defaultUri: vscode.Uri.file(join(homedir(), ".ssh")),
    })) ?? [];
  return file?.fsPath;
}
