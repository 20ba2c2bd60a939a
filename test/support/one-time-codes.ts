import { createHmac, randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import type { Directory } from "./directory.ts";
import type { SshdOptions } from "./sshd.ts";

/** A second factor as a host has it: PAM asks for the password, then for a one-time code (Debian's libpam-oath). */
export class OneTimeCodes {
  /** How PAM begins to ask for a code. */
  static readonly label = "One-time password";
  /** For an sshd that lets nobody in by anything else. */
  readonly sshd: SshdOptions;
  readonly #secret = randomBytes(20);
  readonly #users: string;
  #counter = 0;

  private constructor(pam: string, users: string) {
    this.#users = users;
    this.sshd = {
      options: {
        UsePAM: "yes",
        KbdInteractiveAuthentication: "yes",
        AuthenticationMethods: "keyboard-interactive:pam",
      },
      mounts: [`mount --bind ${pam} /etc/pam.d/sshd`],
    };
  }

  /** `directory`: open for reading. */
  static async open(directory: Directory): Promise<OneTimeCodes> {
    const [pam, users] = [directory.join("pam"), directory.join("users.oath")];
    const stack = [
      "auth required pam_unix.so",
      `auth required pam_oath.so usersfile=${users} window=20 digits=6`,
      "account required pam_unix.so",
      "session required pam_unix.so",
      "",
    ];
    await writeFile(pam, stack.join("\n"));
    return new OneTimeCodes(pam, users);
  }

  async enroll(user: string): Promise<void> {
    await writeFile(this.#users, `HOTP ${user} - ${this.#secret.toString("hex")}\n`, { mode: 0o600 });
  }

  /** The next code (RFC 4226); each is taken once. */
  next(): string {
    const message = Buffer.alloc(8);
    message.writeUInt32BE(this.#counter, 4);
    this.#counter += 1;
    const digest = createHmac("sha1", this.#secret).update(message).digest();
    const number = digest.readUInt32BE((digest.at(-1) ?? 0) & 15) & 0x7f_ff_ff_ff;
    return String(number % 1_000_000).padStart(6, "0");
  }
}
