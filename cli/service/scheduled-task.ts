import { daemonFlags } from "../../client/daemon-flags.ts";
import type { ServiceProgram } from "./service-program.ts";
import { writtenBy } from "./written-by.ts";
import { xmlText } from "./xml-text.ts";

/** A task for the Windows Task Scheduler (schtasks /XML): the daemon starts at login, and again after a crash. */
export function scheduledTask({ runtime, script, stateDirectory }: ServiceProgram): string {
  const words = [...daemonFlags, script, "--state-dir", stateDirectory].map(word).join(" ");
  return `<?xml version="1.0"?>
<!-- ${writtenBy} -->
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <Triggers>
    <LogonTrigger><Enabled>true</Enabled></LogonTrigger>
  </Triggers>
  <Principals>
    <Principal id="Author">
      <LogonType>InteractiveToken</LogonType>
      <RunLevel>LeastPrivilege</RunLevel>
    </Principal>
  </Principals>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>
    <Hidden>true</Hidden>
    <RestartOnFailure>
      <Interval>PT1M</Interval>
      <Count>5</Count>
    </RestartOnFailure>
  </Settings>
  <Actions Context="Author">
    <Exec>
      <Command>${xmlText(runtime)}</Command>
      <Arguments>${xmlText(words)}</Arguments>
    </Exec>
  </Actions>
</Task>
`;
}

/** Quotes a word for CommandLineToArgvW; a path contains no quotation mark, and may end in a backslash. */
function word(text: string): string {
  return `"${text.replace(/\\+$/, "$&$&")}"`;
}
