import * as z from "zod";

/** One thing that was looked at, for a person. */
export const DoctorCheck = z.object({
  name: z.string(),
  state: z.enum(["ok", "warning", "failed"]),
  message: z.string(),
  /** What to do; null where there is nothing. */
  fix: z.string().nullable(),
});
export type DoctorCheck = z.infer<typeof DoctorCheck>;

/** What only the daemon can look at. */
export const DoctorReport = z.object({ checks: z.array(DoctorCheck) }).meta({ id: "DoctorReport" });
export type DoctorReport = z.infer<typeof DoctorReport>;
