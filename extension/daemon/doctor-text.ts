import type { DoctorCheck } from "../../protocol/doctor.ts";
import { visible } from "../../protocol/visible.ts";

const marks: Readonly<Record<DoctorCheck["state"], string>> = {
  ok: "ok     ",
  warning: "WARNING",
  failed: "FAILED ",
  skipped: "skipped",
};

/** Failures first, each with what to do; what was not checked before what is fine. */
export function doctorText(checks: readonly DoctorCheck[]): string {
  const order = ["failed", "warning", "skipped", "ok"];
  const lines = checks
    .toSorted((a, b) => order.indexOf(a.state) - order.indexOf(b.state))
    .map(({ name, state, message, fix }) => {
      const head = `${marks[state]}  ${name}: ${visible(message)}\n`;
      return fix === null ? head : `${head}         ${visible(fix)}\n`;
    });
  return lines.join("");
}
