import * as z from "zod";

/** The result of one check, for a person to read. */
export const DoctorCheck = z.object({
  name: z.string(),
  /** `skipped`: the check was not made, and the message says why. */
  state: z.enum(["ok", "warning", "failed", "skipped"]),
  message: z.string(),
  /** What to do; null when nothing needs fixing. */
  fix: z.string().nullable(),
});
export type DoctorCheck = z.infer<typeof DoctorCheck>;

/** The checks that only the daemon can make. */
export const DoctorReport = z.object({ checks: z.array(DoctorCheck) }).meta({ id: "DoctorReport" });
export type DoctorReport = z.infer<typeof DoctorReport>;
