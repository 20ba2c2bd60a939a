import { type FileAnswer, type FileQuestion, type FileRequest, isFileRequest } from "./core/file-request.ts";
import { wayOnOwnDisk } from "./core/own-disk.ts";
import { kindOfPath, listDirectory, readRegularFile } from "./core/regular-file.ts";

/** Answers that are sent together: every message wakes the daemon. */
let unsent: FileAnswer[] = [];
/** The number of unanswered questions. */
let open = 0;
let soon: NodeJS.Timeout | undefined;
/** How long the first answer waits for the others, one of which may hang. */
const togetherMs = 5;

/**
 * The process that reads files for the daemon (see core/user-files.ts). Every message is a list of questions, and each
 * answer carries its question's id; the daemon itself notices which of them hang.
 */
process.on("message", (message: unknown) => {
  if (!Array.isArray(message)) return;
  for (const each of message) {
    if (!isFileRequest(each)) continue;
    open += 1;
    void answer(each);
  }
});

async function answer({ id, question }: FileRequest): Promise<void> {
  const answered = { id, answer: await answerTo(question) };
  unsent.push(answered);
  open -= 1;
  if (open === 0) send();
  else soon ??= setTimeout(send, togetherMs);
}

function send(): void {
  clearTimeout(soon);
  soon = undefined;
  process.send?.(unsent);
  unsent = [];
}

/** The daemon is gone. A clean exit would wait for reads that hang. */
process.on("disconnect", () => process.kill(process.pid, "SIGKILL"));

function answerTo(question: FileQuestion): Promise<unknown> {
  switch (question.what) {
    case "read":
      return readRegularFile(question.path, question);
    case "list":
      return listDirectory(question.path, question.maxNames);
    case "kind":
      return kindOfPath(question.path);
    case "way":
      return wayOnOwnDisk(question.path);
  }
}
