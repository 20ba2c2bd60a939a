import { EventEmitter, once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { type ParsedKey, utils } from "ssh2";
import { wireString } from "../../daemon/ssh/wire-string.ts";
import { openDirectory } from "./directory.ts";
import { message } from "./hostile-wire.ts";
import type { SshKey } from "./ssh-key.ts";

type Answer = (connection: Socket) => void;

/** draft-ietf-sshm-ssh-agent, section 6.1. */
const [refusal, identities, signRequest, signature] = [5, 12, 13, 14];

/** An SSH agent that holds keys of the type ed25519, and does what it is told when it is asked. */
export class FakeAgent implements AsyncDisposable {
  /** What SSH_AUTH_SOCK says. */
  readonly socket: string;
  onList: Answer = (connection) => connection.write(this.#list());
  /** undefined: it signs. */
  onSign: Answer | undefined;
  readonly asked = { list: 0, sign: 0 };
  readonly #keys: readonly ParsedKey[];
  readonly #stack: AsyncDisposableStack;
  readonly #connections = new Set<Socket>();
  readonly #emitter = new EventEmitter();
  readonly #server = createServer((connection) => this.#accept(connection));

  private constructor(socket: string, keys: readonly ParsedKey[], stack: AsyncDisposableStack) {
    this.socket = socket;
    this.#keys = keys;
    this.#stack = stack;
  }

  static async open(
    keys: readonly SshKey[],
    options: { path?: string; backlog?: number } = {},
  ): Promise<FakeAgent> {
    await using stack = new AsyncDisposableStack();
    const directory = stack.use(await openDirectory());
    const parsed = await Promise.all(keys.map(async (key) => parse(await readFile(key.path))));
    const agent = new FakeAgent(options.path ?? directory.join("agent.sock"), parsed, stack.move());
    agent.#server.listen({ path: agent.socket, backlog: options.backlog ?? 511 });
    await once(agent.#server, "listening");
    return agent;
  }

  /** Resolves when nobody is connected any more. */
  async left(): Promise<void> {
    while (this.#connections.size > 0) await once(this.#emitter, "close");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const connection of this.#connections) connection.destroy();
    this.#server.close();
    await once(this.#server, "close");
    await this.#stack.disposeAsync();
  }

  #accept(connection: Socket): void {
    this.#connections.add(connection);
    connection.on("error", () => undefined);
    connection.on("close", () => {
      this.#connections.delete(connection);
      this.#emitter.emit("close");
    });
    let request = Buffer.alloc(0);
    connection.on("data", (chunk: Buffer) => {
      request = Buffer.concat([request, chunk]);
      if (request.length < 5 || request.length < 4 + request.readUInt32BE(0)) return;
      if (request[4] === signRequest) this.#sign(connection, request.subarray(5));
      else {
        this.asked.list += 1;
        this.onList(connection);
      }
    });
  }

  #list(): Buffer {
    const keys = this.#keys.flatMap((key) => [key.getPublicSSH(), "fake"]);
    return agentMessage(identities, this.#keys.length, ...keys);
  }

  #sign(connection: Socket, request: Buffer): void {
    this.asked.sign += 1;
    if (this.onSign !== undefined) {
      this.onSign(connection);
      return;
    }
    const end = 4 + request.readUInt32BE(0);
    const key = this.#keys.find((each) => each.getPublicSSH().equals(request.subarray(4, end)));
    const data = request.subarray(end + 4, end + 4 + request.readUInt32BE(end));
    connection.write(key === undefined ? agentRefusal : signatureMessage("ssh-ed25519", key.sign(data)));
  }
}

/** A whole message of an agent. */
export function agentMessage(type: number, ...fields: Parameters<typeof message>[1][]): Buffer {
  return wireString(message(type, ...fields));
}

export const agentRefusal = agentMessage(refusal);

export function signatureMessage(algorithm: string, bytes: Buffer): Buffer {
  return agentMessage(signature, Buffer.concat([wireString(Buffer.from(algorithm)), wireString(bytes)]));
}

function parse(content: Buffer): ParsedKey {
  const key = utils.parseKey(content);
  if (key instanceof Error) throw key;
  return key;
}
