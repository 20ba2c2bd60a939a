import { findApp } from "./page.ts";
import "./dashboard.css";
import { type FromDashboard, ToDashboard } from "../protocol/dashboard.ts";
import { metricGroups } from "../protocol/metric-groups.ts";
import { ConnectionTable } from "./connection-table.ts";
import { element } from "./element.ts";
import { MetricList } from "./metric-list.ts";
import { HostLatencies } from "./host-latencies.ts";

declare function acquireVsCodeApi(): { postMessage(message: FromDashboard): void };

/** The daemon's metrics, all of them measured; the extension sends them again whenever something has changed. */
const vscode = acquireVsCodeApi();
const away = element("p", { class: "away", role: "status" });
const metrics = new MetricList();
const hosts = new HostLatencies();
const connections = new ConnectionTable((id) => vscode.postMessage({ type: "closeConnection", id }));
const title = element("h1", { class: "unseen" }, "Hostrun");
const main = element(
  "main",
  { "aria-busy": "true" },
  title,
  away,
  metrics.root,
  hosts.root,
  connections.root,
);
findApp().append(main);

window.addEventListener("message", (event) => {
  const { data, success } = ToDashboard.safeParse(event.data);
  if (!success) return;
  away.textContent = data.type === "away" ? data.message : "";
  main.classList.toggle("old", data.type === "away");
  main.setAttribute("aria-busy", "false");
  if (data.type === "away") return;
  metrics.show(metricGroups(data.stats, data.connections));
  hosts.show(data.stats.latency.hosts);
  connections.show(data.connections);
});
vscode.postMessage({ type: "ready" });
