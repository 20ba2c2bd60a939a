import { expect, test } from "vitest";
import { inputOpened } from "../../../extension/input/open-inputs.ts";
import { TabFocus } from "../../../extension/terminal/tab-focus.ts";

class Tab {
  reveals = 0;

  reveal(): void {
    this.reveals += 1;
  }
}

test("a tab takes the focus that does not come by itself", async () => {
  const tab = new Tab();
  await new TabFocus(tab).bring();
  expect(tab.reveals).toBe(1);
});

test("a tab takes no focus that it has, or that has been moved elsewhere", async () => {
  const tab = new Tab();
  const focus = new TabFocus(tab);
  const brought = focus.bring();
  focus.settle();
  await brought;
  expect(tab.reveals).toBe(0);
});

test("a tab takes no focus from an input that was opened in the meantime", async () => {
  const tab = new Tab();
  const brought = new TabFocus(tab).bring();
  const closed = inputOpened({});
  await brought;
  expect(tab.reveals).toBe(0);
  closed();
  await new TabFocus(tab).bring();
  expect(tab.reveals).toBe(1);
});
