import { expect, test } from "vitest";
import { HandedSettings } from "../../../extension/daemon/handed-settings.ts";

function openMemory() {
  const kept = new Map<string, unknown>();
  return {
    kept,
    get: (key: string) => kept.get(key),
    update: async (key: string, value: unknown) => void kept.set(key, value),
  };
}

const url = { value: "redis://:geheim@127.0.0.1:6379", shown: "redis://:***@127.0.0.1:6379/" };

test("what was handed over and is shown otherwise is known again in the next window", async () => {
  const memory = openMemory();
  await new HandedSettings(memory).remember("/state", "redisUrl", url);
  const next = new HandedSettings(memory);
  expect(next.has("/state", "redisUrl", url)).toBe(true);
  expect(next.has("/elsewhere", "redisUrl", url)).toBe(false);
  expect(next.has("/state", "other", url)).toBe(false);
});

test("another secret, or what another client set meanwhile, is not taken for it", async () => {
  const handed = new HandedSettings(openMemory());
  await handed.remember("/state", "redisUrl", url);
  expect(handed.has("/state", "redisUrl", { ...url, value: "redis://:neu@127.0.0.1:6379" })).toBe(false);
  expect(handed.has("/state", "redisUrl", { ...url, shown: "redis://:***@10.0.0.1:6379/" })).toBe(false);
});

test("the secret itself is not kept, and what is kept by mistake does no harm", async () => {
  const memory = openMemory();
  const handed = new HandedSettings(memory);
  await handed.remember("/state", "redisUrl", url);
  expect(JSON.stringify([...memory.kept])).not.toContain("geheim");
  for (const key of memory.kept.keys()) memory.kept.set(key, "damaged");
  expect(handed.has("/state", "redisUrl", url)).toBe(false);
});
