import type { DoctorCheck } from "../protocol/doctor.ts";

/** What a check of the doctor has found. */
export type Finding = Omit<DoctorCheck, "name">;

export function ok(message: string): Finding {
  return { state: "ok", message, fix: null };
}

/** For a check that could not be made. */
export function skipped(message: string, fix: string | null = null): Finding {
  return { state: "skipped", message, fix };
}
