import { type FileAnswer, type FileQuestion, type FileRequest, isFileRequest } from "./core/file-request.ts";
import { kindOfPath, listDirectory, readRegularFile } from "./core/regular-file.ts";

/** Answers that are sent together, with the others of this turn. */
let unsent: FileAnswer[] = [];

/**
 * The process that reads files for the daemon (see core/user-files.ts). Every message is a list of questions, and each is
 * answered with its number; which of them hangs is for the daemon to notice.
 */
process.on("message", (message: unknown) => {
  if (!Array.isArray(message)) return;
  for (const each of message) {
    if (!isFileRequest(each)) continue;
    void answer(each);
  }
});

async function answer({ id, question }: FileRequest): Promise<void> {
  const answered = { id, answer: await answerTo(question) };
  if (unsent.push(answered) === 1) setImmediate(send);
}

function send(): void {
  process.send?.(unsent);
  unsent = [];
}

/** The daemon is gone. A clean exit would wait for what hangs. */
process.on("disconnect", () => process.kill(process.pid, "SIGKILL"));

function answerTo(question: FileQuestion): Promise<unknown> {
  switch (question.what) {
    case "read":
      return readRegularFile(question.path, question);
    case "list":
      return listDirectory(question.path, question.maxNames);
    case "kind":
      return kindOfPath(question.path);
  }
}
