import { createServer } from "node:http";

/** Run as a program: answers every request with an event stream in which nothing happens. Its argument: its socket. */
const [socket = ""] = process.argv.slice(2);
const server = createServer((_, response) => {
  response.writeHead(200, { "Content-Type": "text/event-stream" });
  response.flushHeaders();
});
server.listen(socket, () => console.log("listening"));
