import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { PanelMail } from "../../../extension/terminal/panel-mail.ts";
import type { ToPanel } from "../../../protocol/panel.ts";

let sent: (readonly ToPanel[])[] = [];
let mail: PanelMail;

beforeEach(() => {
  vi.useFakeTimers();
  sent = [];
  mail = new PanelMail((messages) => sent.push(messages));
});
afterEach(() => {
  mail[Symbol.dispose]();
  vi.useRealTimers();
});

const notice = (text: string): ToPanel => ({ type: "notice", text });
const output: ToPanel = { type: "output", chunks: [{ stream: "stdout", data: "a" }] };

test("what is posted in short succession is sent as one, in order", async () => {
  mail.post(notice("1"));
  await vi.advanceTimersByTimeAsync(19);
  mail.post(notice("2"));
  expect(sent).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  expect(sent).toEqual([[notice("1"), notice("2")]]);
  mail.post(notice("3"));
  await vi.advanceTimersByTimeAsync(20);
  expect(sent.slice(1)).toEqual([[notice("3")]]);
});

test("output is sent at once, with what was posted before it", async () => {
  mail.post(notice("1"));
  mail.post(output);
  expect(sent).toEqual([[notice("1"), output]]);
  mail.post(output);
  expect(sent.slice(1)).toEqual([[output]]);
  await vi.advanceTimersByTimeAsync(100);
  expect(sent).toHaveLength(2);
});
