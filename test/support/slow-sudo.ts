import { access, chmod, rm, writeFile } from "node:fs/promises";
import { openDirectory } from "./directory.ts";
import { until } from "./durable.ts";
import { openSudoUser } from "./sudo-user.ts";
import type { UnixUser } from "./unix-user.ts";

export interface SlowSudoOptions {
  /** By default sudo asks for none. */
  readonly password?: string;
}

/** An account whose sudo, once it has the password, waits before it begins a command, as one does that asks a slow server. */
export interface SlowSudo extends AsyncDisposable {
  readonly user: UnixUser;
  /** Resolves when the first sudo waits. */
  waits(): Promise<void>;
}

/** Needs root. */
export async function openSlowSudo({ password }: SlowSudoOptions): Promise<SlowSudo> {
  await using stack = new AsyncDisposableStack();
  const directory = stack.use(await openDirectory({ readable: true }));
  const [script, first, go] = ["wait", "first", "go"].map((name) => directory.join(name));
  if (script === undefined || first === undefined || go === undefined) throw new Error("no paths");
  const lines = [
    "#!/bin/sh",
    `[ -e ${first} ] && exit 0`,
    `: >${first}`,
    "n=0",
    `while [ ! -e ${go} ] && [ $n -lt 1200 ]; do n=$((n + 1)); sleep 0.05; done`,
  ];
  await writeFile(script, `${lines.join("\n")}\n`);
  await chmod(script, 0o755);
  // PAM knows services by small letters only.
  const service = `hostrun-${directory.path.replaceAll(/[^A-Za-z0-9]/g, "").toLowerCase()}`;
  const pam = `/etc/pam.d/${service}`;
  stack.defer(() => rm(pam, { force: true }));
  const phases = ["auth required pam_unix.so", `account required pam_exec.so quiet seteuid ${script}`];
  await writeFile(pam, `${[...phases, "session required pam_permit.so"].join("\n")}\n`);
  const may = password === undefined ? { may: "ALL=(ALL:ALL) NOPASSWD: ALL" } : { password };
  const user = stack.use(await openSudoUser({ ...may, defaults: `pam_service=${service}` }));
  stack.defer(() => writeFile(go, ""));
  const owned = stack.move();
  return {
    user,
    waits: () =>
      until(() =>
        access(first).then(
          () => true,
          () => false,
        ),
      ),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
