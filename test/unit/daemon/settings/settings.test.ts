import { readFileSync, statSync, writeFileSync } from "node:fs";
import { inspect } from "node:util";
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

test("variables that are no settings, are empty, or are other programs', are left alone", () => {
  const environment = { HOSTRUN_HOME: "/x", HOSTRUN_LISTEN: "", PATH: "/bin", HOSTRUNNER: "1" };
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

test.each([
  ["redis://h:1/0", "redis://h:1/0"],
  ["redis://user:secret@h:1/0", "redis://user:***@h:1/0"],
  ["redis://:secret@h", "redis://:***@h"],
  ["redis://secret@h", "redis://***@h"],
  ["rediss://h/2?db=1&password=secret", "rediss://h/2?db=1&password=***"],
  ["redis://h?password=secret&password=secret2", "redis://h?password=***"],
  ["redis://h?sentinelPassword=secret&family=6", "redis://h?sentinelPassword=***&family=6"],
  ["redis://h?PASSWORD=secret&pass%77ord=secret", "redis://h?PASSWORD=***&password=***"],
  ["redis://user:12/secret@h:6379/0", "redis://user:12/***"],
  ["redis+sentinel://:secret@h:1/main/2?also=h2:1", "redis+sentinel://:***@h:1/main/2?also=h2:1"],
  ["redis+cluster://h:1/secret?also=h2:1", "redis+cluster://h:1/***?also=h2:1"],
  ["redis://h/0#secret", "redis://h/0#***"],
])("%s is shown as %s, and used as it is", async (url, shown) => {
  await using directory = await openDirectory();
  const path = directory.join("config.json");
  writeFileSync(path, JSON.stringify({ redisUrl: url }), { mode: 0o600 });
  const file = new SettingsFile({ path, environment: {}, flags: {} });
  expect(file.current.redisUrl).toBe(url);
  expect(file.report().values.redisUrl).toBe(shown);
  expect(JSON.stringify(file.report())).not.toContain("secret");

  file.update({ redisUrl: shown, historyDays: 9 });
  expect(file.current).toMatchObject({ redisUrl: url, historyDays: 9 });
  expect(JSON.parse(readFileSync(path, "utf8"))).toEqual({ redisUrl: url, historyDays: 9 });
});

test("a masked URL that is not the one shown is refused, and nothing is changed", async () => {
  await using directory = await openDirectory();
  const path = directory.join("config.json");
  const url = "redis://:secret@h:1";
  const file = new SettingsFile({ path, environment: {}, flags: {} });
  for (const masked of ["redis://:***@h:1", "redis://h:1?password=***", "redis://***@h:1"]) {
    expect(() => file.update({ redisUrl: masked, historyDays: 9 })).toThrow(/redisUrl/);
  }
  file.update({ redisUrl: url });
  for (const masked of ["redis://:***@other:1", "redis://user:***@h:1", "redis://h:1?password=***"]) {
    expect(() => file.update({ redisUrl: masked, historyDays: 9 })).toThrow(/redisUrl/);
  }
  expect(JSON.parse(readFileSync(path, "utf8"))).toEqual({ redisUrl: url });
  file.update({ redisUrl: null });
  expect(file.current.redisUrl).toBeNull();
});

test("a masked URL of a stronger source changes nothing in config.json either", async () => {
  await using directory = await openDirectory();
  const path = directory.join("config.json");
  writeFileSync(path, '{"redisUrl":"redis://:stored@h:1"}', { mode: 0o600 });
  const environment = { HOSTRUN_REDIS_URL: "redis://:secret@h:2" };
  const file = new SettingsFile({ path, environment, flags: {} });
  for (const redisUrl of ["redis://:***@h:2", "redis://:***@h:1"]) file.update({ redisUrl });
  expect(JSON.parse(readFileSync(path, "utf8"))).toEqual({ redisUrl: "redis://:stored@h:1" });
});

test("what is not JSON is not quoted: it may hold a password", async () => {
  await using directory = await openDirectory();
  const path = directory.join("config.json");
  writeFileSync(path, '{"redisUrl": redis://:secret@h:1}', { mode: 0o600 });
  const open = () => new SettingsFile({ path, environment: {}, flags: {} });
  const quoted = (failure: unknown) => inspect(failure, { depth: 9 }).includes("secret");
  expect(open).toThrow(/is not JSON/);
  expect(open).not.toThrow(expect.toSatisfy(quoted));
});
