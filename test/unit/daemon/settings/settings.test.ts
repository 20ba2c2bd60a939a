import { readFileSync, statSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { SettingsFile, spelled } from "../../../../daemon/settings/settings.ts";
import { defaultSettings } from "../../../../protocol/settings.ts";
import { openDirectory } from "../../../support/directory.ts";

test("every setting can be given as a variable and as a flag", async () => {
  await using directory = await openDirectory();
  const path = directory.join("config.json");
  const given: Record<string, string> = { redisUrl: "redis://h:1", defaultUser: "deploy" };
  for (const [name, value] of Object.entries(defaultSettings)) {
    const text = given[name] ?? String(value);
    const variable = `HOSTRUN_${spelled(name, "_").toUpperCase()}`;
    const byVariable = new SettingsFile({ path, environment: { [variable]: text }, flags: {} });
    const byFlag = new SettingsFile({ path, environment: {}, flags: { [spelled(name, "-")]: text } });
    expect(byVariable.report().sources[name]).toBe("environment");
    expect(byFlag.report().sources[name]).toBe("flag");
    expect(byFlag.report().values).toEqual(byVariable.report().values);
    expect(String(byFlag.report().values[settingName(name)])).toBe(text);
  }
});

function settingName(name: string): keyof typeof defaultSettings {
  const found = Object.keys(defaultSettings).find((one): one is keyof typeof defaultSettings => one === name);
  if (found === undefined) throw new Error(name);
  return found;
}

test("variables that are no settings, and other programs' ones, are left alone", () => {
  const environment = { HOSTRUN_HOME: "/x", PATH: "/bin", HOSTRUNNER: "1" };
  const file = new SettingsFile({ path: "/nowhere/config.json", environment, flags: {} });
  expect(file.current).toEqual(defaultSettings);
});

test("a bad change is refused with its name, and changes neither the file nor what is in force", async () => {
  await using directory = await openDirectory();
  const path = directory.join("config.json");
  writeFileSync(path, '{"historyDays":5}');
  const file = new SettingsFile({ path, environment: {}, flags: {} });
  expect(() => file.update({ historyDays: -1 })).toThrow(/historyDays/);
  expect(() => file.update({ nope: 1 })).toThrow(/nope/);
  expect(readFileSync(path, "utf8")).toBe('{"historyDays":5}');
  expect(file.current.historyDays).toBe(5);
  file.update({ historyDays: 6 });
  expect(JSON.parse(readFileSync(path, "utf8"))).toEqual({ historyDays: 6 });
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test("a value from a stronger source stays in force when config.json changes", async () => {
  await using directory = await openDirectory();
  const path = directory.join("config.json");
  const file = new SettingsFile({ path, environment: {}, flags: { "history-days": "9" } });
  file.update({ historyDays: 6 });
  expect(file.current.historyDays).toBe(9);
  expect(file.report().sources["historyDays"]).toBe("flag");
});

test("a password in redisUrl is hidden in the report only", () => {
  const environment = { HOSTRUN_REDIS_URL: "redis://user:secret@h:1/0" };
  const file = new SettingsFile({ path: "/nowhere/config.json", environment, flags: {} });
  expect(file.report().values.redisUrl).toBe("redis://user:***@h:1/0");
  expect(file.current.redisUrl).toContain("secret");
});
