import { appendFile, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { openBrowser } from "../support/browser.ts";
import { openCodeServer } from "../support/code-server.ts";
import { warningsFile } from "../support/warnings.ts";
import { Workbench } from "../support/workbench.ts";

test("an extension host that warns fails the test that started it", async () => {
  const code = await openCodeServer();
  await appendFile(
    join(code.extension, "dist/extension.cjs"),
    `\nprocess.emitWarning("planted", "PlantedWarning");\n`,
  );
  const browser = await openBrowser();
  const window = await Workbench.open(browser, code);
  await window.showHostrun();
  const written = () => readFile(join(dirname(code.home), warningsFile), "utf8");
  await expect.poll(written).toContain("planted");
  await browser.close();
  await expect(code[Symbol.asyncDispose]()).rejects.toThrow(/PlantedWarning: planted/);
});
