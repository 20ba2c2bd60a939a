import { daemonFlags } from "../../client/daemon-flags.ts";
import type { ServiceProgram } from "./service-program.ts";
import { writtenBy } from "./written-by.ts";
import { xmlText } from "./xml-text.ts";

/** A property list for launchd (launchd.plist(5)): the daemon starts at login, and again after a crash. */
export function launchAgent({ runtime, script, stateDirectory }: ServiceProgram): string {
  const words = [runtime, ...daemonFlags, script, "--state-dir", stateDirectory].map(
    (word) => `    <string>${xmlText(word)}</string>\n`,
  );
  return `<?xml version="1.0" encoding="UTF-8"?>
<!-- ${writtenBy} -->
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>Label</key>
  <string>hostrun.daemon</string>
  <key>ProgramArguments</key>
  <array>
${words.join("")}  </array>
  <key>RunAtLoad</key>
  <true/>
  <key>KeepAlive</key>
  <dict>
    <key>SuccessfulExit</key>
    <false/>
  </dict>
  <key>ThrottleInterval</key>
  <integer>10</integer>
  <key>ProcessType</key>
  <string>Background</string>
  <key>Umask</key>
  <integer>63</integer>
  <key>SoftResourceLimits</key>
  <dict>
    <key>NumberOfFiles</key>
    <integer>65536</integer>
  </dict>
</dict>
</plist>
`;
}
