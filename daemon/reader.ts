import { type FileQuestion, isFileRequest } from "./core/file-request.ts";
import { kindOfPath, listDirectory, readRegularFile } from "./core/regular-file.ts";

/**
 * The process that reads files for the daemon (see core/user-files.ts). Every message is a question, and is answered
 * with its number; which of them hangs is for the daemon to notice.
 */
process.on("message", (message: unknown) => {
  if (!isFileRequest(message)) return;
  void answerTo(message.question).then((answer) => process.send?.({ id: message.id, answer }));
});

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
