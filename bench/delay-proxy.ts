import { connect, createServer, type Socket } from "node:net";

/**
 * Run as a program: a proxy to a server on this machine that delays each direction. Arguments: port, and the delay of one
 * direction in milliseconds. Prints the port that it listens on.
 */
const [port = "", oneWay = ""] = process.argv.slice(2);
const delayMs = Number(oneWay);
/** As much as TCP keeps in flight over a long distance; no more is read beyond that. */
const maxUnderWay = 64 * 1024 * 1024;

const listener = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
  const server = connect({ host: "127.0.0.1", port: Number(port), noDelay: true, allowHalfOpen: true });
  delay(client, server);
  delay(server, client);
});
listener.listen(0, "127.0.0.1", () => {
  const address = listener.address();
  console.log(typeof address === "object" ? address?.port : undefined);
});

function delay(from: Socket, to: Socket): void {
  const underWay: { readonly dueAt: number; readonly bytes: Buffer | undefined }[] = [];
  let size = 0;
  let timer: NodeJS.Timeout | undefined;
  const arrive = (): void => {
    timer = undefined;
    for (;;) {
      const [next] = underWay;
      if (next === undefined) return;
      const left = next.dueAt - performance.now();
      if (left > 0.5) {
        timer = setTimeout(arrive, left);
        return;
      }
      underWay.shift();
      if (next.bytes === undefined) to.end();
      else {
        size -= next.bytes.length;
        to.write(next.bytes);
      }
      if (size < maxUnderWay) from.resume();
    }
  };
  const send = (bytes: Buffer | undefined): void => {
    underWay.push({ dueAt: performance.now() + delayMs, bytes });
    timer ??= setTimeout(arrive, delayMs);
  };
  from.on("data", (bytes) => {
    size += bytes.length;
    if (size >= maxUnderWay) from.pause();
    send(bytes);
  });
  from.on("end", () => send(undefined));
  from.on("error", () => to.destroy());
  from.on("close", () => {
    if (!from.readableEnded) to.destroy();
  });
}
