#!/bin/sh
# The program that ssh runs for a prompt (SSH_ASKPASS): passes the prompt to the daemon's socket and prints the answer,
# or fails if there is none. It uses Node, since a shell has no sockets; Node may be VS Code's Electron.
# shellcheck disable=SC2016
ELECTRON_RUN_AS_NODE=1 exec "$HOSTRUN_NODE" -e '
const socket = require("node:net").connect(process.env.HOSTRUN_ASKPASS);
const chunks = [];
socket.on("data", (chunk) => chunks.push(chunk));
socket.on("error", () => process.exit(1));
socket.on("end", () => {
  const answer = Buffer.concat(chunks).toString();
  if (!answer.startsWith("+")) process.exit(1);
  process.stdout.write(answer.slice(1) + "\n");
});
const kind = process.env.SSH_ASKPASS_PROMPT ?? "";
socket.end(JSON.stringify({ kind, prompt: process.argv[1] ?? "" }));
' -- "$1"
