import { expect, test } from "vitest";
import { openHostedDaemon } from "../support/hosted-daemon.ts";

test.each([
  ["/api/runs", { host: "web1" }],
  ["/api/ssh/stream", { hostId: "web1" }],
])("POST %s with production=refuse runs nothing on a production host", async (path, target) => {
  await using daemon = await openHostedDaemon();
  const { http } = daemon;
  const body = { ...target, command: `echo ran >> ${daemon.home}/ran` };
  const free = await http.ask("POST", `${path}?production=refuse`, { json: body });
  expect(free.status).toBeLessThan(300);
  await http.ask("PATCH", "/api/hosts/web1", { json: { production: true } });
  const refused = await http.ask("POST", `${path}?production=refuse`, { json: body });
  expect(refused.status).toBe(409);
  expect(JSON.parse(refused.bytes.toString())).toMatchObject({ code: "confirmation_required", host: "web1" });
  const { items } = await daemon.client.call("listRuns");
  expect(items).toHaveLength(1);
  const agreed = await http.ask("POST", path, { json: body });
  expect(agreed.status).toBeLessThan(300);
});
