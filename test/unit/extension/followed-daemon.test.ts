import { expect, test } from "vitest";
import { FollowedDaemon } from "../../../extension/daemon/followed-daemon.ts";

function follow() {
  const told: string[] = [];
  const followed = new FollowedDaemon<string>(() => told.push("gone"));
  return { told, followed };
}

test("a daemon's going is told once", () => {
  const { told, followed } = follow();
  followed.begin("first");
  expect(told).toEqual([]);
  followed.end("first");
  followed.end("first");
  expect(told).toEqual(["gone"]);
  followed.begin("second");
  expect(told).toEqual(["gone"]);
});

test("one that was replaced is gone before the next one is followed, and its end takes nothing from that one", () => {
  const { told, followed } = follow();
  followed.begin("first");
  followed.begin("second");
  expect(told).toEqual(["gone"]);
  followed.end("first");
  expect(told).toEqual(["gone"]);
  followed.end("second");
  expect(told).toEqual(["gone", "gone"]);
});
