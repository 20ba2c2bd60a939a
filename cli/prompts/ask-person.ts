import type { Prompt } from "../../protocol/prompt.ts";
import { visible } from "../../protocol/visible.ts";
import { askOnTerminal, yesOrNo } from "./terminal-question.ts";
import { readTypedLine } from "./typed-line.ts";

/** The answers of the person at the terminal, one for each field; undefined if they decline. */
export async function askPerson(prompt: Prompt, signal: AbortSignal): Promise<string[] | undefined> {
  if (prompt.kind === "hostKey") {
    const trusted = await askForTrust(prompt, signal);
    return trusted === true ? ["accept"] : undefined;
  }
  const answers: string[] = [];
  let question = headOf(prompt);
  for (const { label, echo } of prompt.fields) {
    const answer = await readTypedLine({ question: `${question}${visible(label)} `, echo, signal });
    if (answer === undefined) return undefined;
    answers.push(answer);
    question = "";
  }
  return answers;
}

function headOf({ kind, hop, title, instructions, attempt }: Prompt): string {
  const again = attempt > 1 ? ["Permission denied, please try again."] : [];
  // The server's own text does not name the server.
  const whose =
    kind === "keyboardInteractive" ? [`${visible(hop)} asks: ${visible(title)}`] : [visible(title)];
  const lines = instructions === "" ? [] : instructions.split("\n").map((line) => `  ${visible(line)}`);
  return `${[...again, ...whose, ...lines].join("\n")}\n`;
}

function askForTrust({ host, hop, key }: Prompt, signal: AbortSignal): Promise<boolean | undefined> {
  const { keyType = "", fingerprint = "", randomart = "", knownAs = [] } = key ?? {};
  const where = host === hop ? "" : ` (${visible(hop)})`;
  const art = randomart === "" ? "" : `${randomart.split("\n").map(visible).join("\n")}\n`;
  const known = knownAs.length === 0 ? "" : `This key is also known as: ${knownAs.map(visible).join(", ")}\n`;
  return askOnTerminal({
    question:
      `The key of ${visible(host)}${where} is not known yet.\n` +
      `${visible(keyType)} key, fingerprint ${visible(fingerprint)}\n${art}${known}` +
      "Trust this key? [yes/no/fingerprint] ",
    again: "Please type yes, no, or the fingerprint: ",
    judge: (answer) => (answer === fingerprint ? true : yesOrNo(answer)),
    signal,
  });
}
