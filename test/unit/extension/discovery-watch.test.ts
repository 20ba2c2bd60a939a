import { rename, writeFile } from "node:fs/promises";
import { expect, test, vi } from "vitest";
import { placesIn } from "../../../client/places.ts";
import { watchForDaemon } from "../../../extension/daemon/discovery-watch.ts";
import { openDirectory } from "../../support/directory.ts";

test("tells once when a daemon was started, as a daemon writes its file", async () => {
  await using directory = await openDirectory();
  const places = placesIn(directory.path);
  const started = vi.fn();
  using _ = watchForDaemon(places, started);
  await writeFile(directory.join("daemon.log"), "");
  await writeFile(`${places.discovery}.new`, "{}");
  expect(started).not.toHaveBeenCalled();
  await rename(`${places.discovery}.new`, places.discovery);
  await expect.poll(() => started.mock.calls.length).toBe(1);
  await writeFile(places.discovery, "{}");
  await writeFile(directory.join("daemon.log"), "more");
  expect(started).toHaveBeenCalledOnce();
});

test("tells of one that is there already", async () => {
  await using directory = await openDirectory();
  const places = placesIn(directory.path);
  await writeFile(places.discovery, "{}");
  const started = vi.fn();
  using _ = watchForDaemon(places, started);
  await expect.poll(() => started.mock.calls.length).toBe(1);
});

test("is silent once it was disposed of, and where there is nothing to watch", async () => {
  await using directory = await openDirectory();
  const places = placesIn(directory.path);
  const started = vi.fn();
  watchForDaemon(places, started)[Symbol.dispose]();
  watchForDaemon(placesIn(directory.join("nowhere")), started)[Symbol.dispose]();
  const other = vi.fn();
  using _ = watchForDaemon(places, other);
  await writeFile(places.discovery, "{}");
  await expect.poll(() => other.mock.calls.length).toBe(1);
  expect(started).not.toHaveBeenCalled();
});
