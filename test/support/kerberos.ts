import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import { openDirectory } from "./directory.ts";
import { freePort, openServerProcess } from "./server-process.ts";

const execute = promisify(execFile);
const realm = "HOSTRUN.TEST";

/** A Kerberos realm of its own: a KDC on loopback, the key of this machine's sshd, and a ticket of one user. */
export interface Kerberos extends AsyncDisposable {
  /** What sshd is to find its key by. */
  readonly server: Readonly<Record<string, string>>;
  /** What `ssh` is to find the ticket by. */
  readonly client: Readonly<Record<string, string>>;
}

export async function openKerberos(user: string): Promise<Kerberos> {
  await using stack = new AsyncDisposableStack();
  const directory = stack.use(await openDirectory());
  const at = (name: string): string => directory.join(name);
  const port = await freePort();
  await writeFile(
    at("krb5.conf"),
    `[libdefaults]
default_realm = ${realm}
dns_lookup_kdc = false
dns_canonicalize_hostname = false
rdns = false
[realms]
${realm} = {
  kdc = 127.0.0.1:${port}
}
[domain_realm]
localhost = ${realm}
`,
  );
  await writeFile(
    at("kdc.conf"),
    `[kdcdefaults]
kdc_listen = 127.0.0.1:${port}
kdc_tcp_listen = 127.0.0.1:${port}
[realms]
${realm} = {
  database_name = ${at("principals")}
  key_stash_file = ${at("stash")}
}
`,
  );
  const client = { KRB5_CONFIG: at("krb5.conf"), KRB5CCNAME: `FILE:${at("ticket")}` };
  const server = { KRB5_CONFIG: at("krb5.conf"), KRB5_KTNAME: `FILE:${at("keytab")}` };
  const env = { ...process.env, ...client, KRB5_KDC_PROFILE: at("kdc.conf") };
  await execute("/usr/sbin/kdb5_util", ["create", "-s", "-r", realm, "-P", "master"], { env });
  for (const query of [
    `addprinc -randkey ${user}`,
    "addprinc -randkey host/localhost",
    `ktadd -k ${at("keytab")} host/localhost`,
    `ktadd -k ${at("user-key")} ${user}`,
  ]) {
    await execute("/usr/sbin/kadmin.local", ["-r", realm, "-q", query], { env });
  }
  const environment = Object.entries(env).map(([name, value]) => `${name}=${value ?? ""}`);
  stack.use(
    await openServerProcess(["/usr/bin/env", ...environment, "/usr/sbin/krb5kdc", "-n", "-r", realm], {
      ready: /commencing operation|starting/i,
    }),
  );
  await execute("kinit", ["-k", "-t", at("user-key"), user], { env });
  const owned = stack.move();
  return { server, client, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
