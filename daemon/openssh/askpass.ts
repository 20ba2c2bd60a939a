import { rmSync, writeFileSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import askpass from "./askpass.sh";

/** A prompt of `ssh`; ssh(1), SSH_ASKPASS. */
export interface AskpassPrompt {
  /** `confirm`, `none` for a message without an answer, or "". */
  readonly kind: string;
  readonly prompt: string;
}

export interface AskpassOptions {
  /** Paths for the program and the socket, in the same private directory. */
  readonly program: string;
  readonly socket: string;
  /** The path of Node or Electron. */
  readonly runtime: string;
  /** Never rejects. undefined: no answer. */
  readonly answer: (prompt: AskpassPrompt) => Promise<string | undefined>;
}

export interface Askpass extends Disposable {
  /** Variables for an `ssh` that sends its prompts here; they contain no secret. */
  readonly environment: Readonly<Record<string, string>>;
}

const maxPromptBytes = 64 * 1024;

/** Answers the prompts of one `ssh`. */
export function openAskpass({ program, socket, runtime, answer }: AskpassOptions): Askpass {
  const open = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (asker) => {
    open.add(asker);
    asker.once("close", () => open.delete(asker));
    asker.on("error", () => undefined);
    let asked = "";
    asker.setEncoding("utf8").on("data", (chunk: string) => {
      asked += chunk;
      if (asked.length > maxPromptBytes) asker.destroy();
    });
    asker.once("end", () => {
      const prompt = parsePrompt(asked);
      if (prompt === undefined) asker.destroy();
      else void answer(prompt).then((given) => asker.end(given === undefined ? "" : `+${given}`));
    });
  });
  server.on("error", () => undefined);
  writeFileSync(program, askpass, { mode: 0o700 });
  server.listen(socket);
  return {
    environment: {
      SSH_ASKPASS: program,
      SSH_ASKPASS_REQUIRE: "force",
      HOSTRUN_ASKPASS: socket,
      HOSTRUN_NODE: runtime,
    },
    [Symbol.dispose]() {
      server.close();
      for (const asker of open) asker.destroy();
      for (const path of [program, socket]) rmSync(path, { force: true });
    },
  };
}

function parsePrompt(text: string): AskpassPrompt | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null || !("kind" in value && "prompt" in value))
      return undefined;
    const { kind, prompt } = value;
    return typeof kind === "string" && typeof prompt === "string" ? { kind, prompt } : undefined;
  } catch {
    return undefined;
  }
}
