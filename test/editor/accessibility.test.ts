import { afterAll, beforeAll, expect, test } from "vitest";
import { Problem } from "../../protocol/problem.ts";
import { violationsIn } from "../support/axe.ts";
import { complete, show, stderr, stdout } from "../support/panel-messages.ts";
import { openWebviewHost, type WebviewHost } from "../support/webview-page.ts";

let host: WebviewHost;
beforeAll(async () => {
  host = await openWebviewHost();
});
afterAll(() => host[Symbol.asyncDispose]());

// That of a job is looked at in job-grid.test.ts.
test.each(["dark", "light", "hc", "hcLight"] as const)(
  "axe-core finds nothing in a run's page: %s",
  async (theme) => {
    await using view = await host.open({ theme });
    await view.send(show(), stdout("out\n"), stderr("err\n"));
    await view.shows("err");
    expect(await violationsIn(view.page)).toEqual([]);
    await view.page.keyboard.press("Control+f");
    await view.page.keyboard.type("out");
    await view.page.locator(".find-count", { hasText: "1 of 1" }).waitFor();
    expect(await violationsIn(view.page)).toEqual([]);
    const key = { keyType: "ssh-ed25519", fingerprint: "SHA256:new" };
    const problem = new Problem("host_key_unknown", "The host key is not known.", key).toJSON();
    await view.send(complete({ outcome: "failed", exitCode: null }), { type: "problem", problem });
    await view.page.locator(".problem").waitFor();
    expect(await violationsIn(view.page)).toEqual([]);
    expect(view.complaints).toEqual([]);
  },
);
