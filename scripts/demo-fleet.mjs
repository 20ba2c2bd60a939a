// Eight hosts of the demo. Uses only Node's own modules.
import { mkdirSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { userInfo } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";

/**
 * The same server on other loopback addresses, each with a home directory and files of its own. Some of the web hosts
 * differ, as real ones do: web3 has a setting of its own, web5 is at an older release.
 */
export const fleet = ["web1", "web2", "web3", "web4", "web5", "web6", "db1", "db2"].map((name, index) => ({
  name,
  address: `127.0.0.${11 + index}`,
  tag: name.replace(/\d/, ""),
}));

const configOf = {
  web: "release = 4.2.1\nworkers = 8\ntls     = on\n",
  web3: "release = 4.2.1\nworkers = 2\ntls     = on\n",
  web5: "release = 4.1.9\nworkers = 8\ntls     = off\n",
  db: "release = 16.4\nshared  = 2GB\n",
};

/** Writes what `cat ~/app.conf` prints on each host; nothing on the last one. */
export async function makeHomes({ homes }) {
  for (const { name, tag } of fleet) {
    const home = join(homes, name);
    mkdirSync(home, { recursive: true, mode: 0o700 });
    if (name !== "db2") await writeFile(join(home, "app.conf"), configOf[name] ?? configOf[tag]);
  }
}

/** Adds them and their host key to the daemon. `send` makes a request to it. */
export async function addFleet({ userKey }, { port, key }, send) {
  const user = userInfo().username;
  const add = async ({ name, address, tag }) => {
    const host = { name, address, port, user, identityFile: userKey, group: "fleet", tags: [tag] };
    for (const [path, body] of [
      ["/api/hosts", host],
      ["/api/known-hosts", { address, port, key }],
    ]) {
      const answer = await send("POST", path, body);
      const problem = await text(answer);
      if (answer.statusCode !== 201) throw new Error(`${name} could not be added:\n${problem}`);
    }
  };
  await Promise.all(fleet.map(add));
}
