import { expect, test } from "vitest";
import { parseSettingValue } from "../../../../cli/control/settings.ts";

test.each([
  ["poolIdleMs", "30000", 30_000],
  ["poolIdleMs", "1.5m", 90_000],
  ["poolIdleMs", "500ms", 500],
  ["historyMaxBytes", "2MiB", 2_097_152],
  ["historyMaxBytes", "1G", 1_073_741_824],
  ["historyMaxBytes", "4194304", 4_194_304],
  ["historyDays", "7", 7],
  ["logLevel", "debug", "debug"],
  ["defaultUser", "5", "5"],
  ["defaultUser", "null", null],
  ["redisUrl", "null", null],
])("%s takes %s", (name, text, value) => {
  expect(parseSettingValue(name, text)).toBe(value);
});

test.each([
  // A bare number is milliseconds: a fraction of one is nothing.
  ["poolIdleMs", "1.5", "must be a whole number"],
  ["poolIdleMs", "soon", "must be a time such as 500ms, 30s"],
  ["historyMaxBytes", "2X", "must be a size such as 64M"],
  ["historyDays", "1M", "must be a whole number"],
])("%s does not take %s", (name, text, message) => {
  expect(() => parseSettingValue(name, text)).toThrow(message);
});
