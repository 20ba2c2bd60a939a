import { expect, test } from "vitest";
import { acceptedType } from "../../../../daemon/http/accepted-type.ts";

const offered = ["application/vnd.hostrun.frames", "text/event-stream", "application/json"];

test.each([
  [undefined, undefined],
  ["", undefined],
  ["*/*", undefined],
  ["text/*", undefined],
  ["text/event-stream", "text/event-stream"],
  ["TEXT/Event-Stream", "text/event-stream"],
  ["text/event-stream; charset=utf-8", "text/event-stream"],
  ["text/event-stream, */*", "text/event-stream"],
  ["text/event-stream, application/json", "text/event-stream"],
  ["application/json, text/event-stream;q=0.1", "application/json"],
  ["application/json;q=0.1, text/event-stream; q=0.2", "text/event-stream"],
  ["text/event-stream;q=0", undefined],
  ["text/event-stream;q=0.000, application/json", "application/json"],
  ["text/event-streams", undefined],
  ["x/text/event-stream", undefined],
  ["text/event-stream, application/vnd.hostrun.frames", "application/vnd.hostrun.frames"],
  ["text/event-stream, application/vnd.hostrun.frames;Q=0.5", "text/event-stream"],
])("of Accept: %s it is %s", (accept, type) => {
  expect(acceptedType(accept, offered)).toBe(type);
});
