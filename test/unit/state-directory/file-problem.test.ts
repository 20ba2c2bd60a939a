import { expect, test } from "vitest";
import { cannotUse, cannotWrite } from "../../../state-directory/file-problem.ts";

const codes = ["ENOSPC", "EROFS", "EACCES", "ENOENT", "ENOTDIR", "ELOOP", "EISDIR", "ENAMETOOLONG", "EMFILE"];

test.each([...codes, "SQLITE_READONLY", "EIO"])(
  "what to do about %s is one sentence with what else helps",
  (code) => {
    const cause = Object.assign(new Error("failed"), { code });
    const todo = String.raw`(?:[A-Z][^.:]+: [a-z]|Check )[^.:]+`;
    expect(cannotUse("/state cannot be written", cause).message).toMatch(
      new RegExp(
        String.raw`^/state cannot be written \(${code}\)\. ${todo}, or set HOSTRUN_HOME to another directory\.$`,
      ),
    );
    expect(cannotWrite("/file", cause).message).toMatch(
      new RegExp(String.raw`^/file could not be written \(${code}\)\. ${todo}, or choose another place\.$`),
    );
  },
);
