import { daemonFlags } from "../../client/daemon-flags.ts";
import { placeTakenStatus } from "../../protocol/discovery.ts";
import type { ServiceProgram } from "./service-program.ts";
import { writtenBy } from "./written-by.ts";

/**
 * The units for systemd's user manager (systemd.service(5), systemd.exec(5), systemd.socket(5)): the socket exists
 * from login on, and the first connection starts the daemon.
 */
export function systemdUnits({ runtime, script, stateDirectory, socket }: ServiceProgram) {
  const command = [runtime, ...daemonFlags, script, "--state-dir", stateDirectory].map(word).join(" ");
  return {
    service: `# ${writtenBy}
[Unit]
Description=Hostrun daemon: runs commands on SSH hosts
Requires=hostrun.socket
After=hostrun.socket
StartLimitIntervalSec=180
StartLimitBurst=5

[Service]
ExecStart=${command}
Restart=on-failure
RestartSec=1
# Another daemon has the state directory.
RestartPreventExitStatus=${placeTakenStatus}
# SIGTERM is for the daemon, which ends its processes; it waits for its runs (drainTimeoutMs) before.
KillMode=mixed
TimeoutStopSec=120
OOMPolicy=continue
LimitNOFILE=65536
UMask=0077
NoNewPrivileges=yes
LockPersonality=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RestrictNamespaces=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
SystemCallArchitectures=native
# ProtectSystem=, PrivateTmp= and whatever else needs a mount namespace are not set: for a user's unit they imply PrivateUsers=,
# where what is root's looks like a stranger's, which ssh, Hostrun and the sockets of agents in /tmp do not get on with.
`,
    socket: `# ${writtenBy}
[Unit]
Description=Socket of the Hostrun daemon

[Socket]
ListenStream=${specifiers(socket)}
SocketMode=0600
DirectoryMode=0700
Backlog=4096

[Install]
WantedBy=sockets.target
`,
  };
}

/** Quotes one word of a command line, so that systemd expands nothing in it. */
function word(text: string): string {
  return `"${specifiers(text).replaceAll(/["\\]/g, "\\$&").replaceAll("$", "$$$$")}"`;
}

function specifiers(text: string): string {
  return text.replaceAll("%", "%%");
}
