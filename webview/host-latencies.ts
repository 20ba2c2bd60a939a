import { formatSpan } from "../protocol/span.ts";
import type { HostLatency, Latency } from "../protocol/stats.ts";
import { visible } from "../protocol/visible.ts";
import { type Bar, barChart } from "./bar-chart.ts";
import { element } from "./element.ts";
import { wideTable } from "./wide-table.ts";

/** The durations of runs on each host: summary values, the latest runs one by one, and their distribution. */
export class HostLatencies {
  readonly #rows = element("tbody");
  readonly root = element(
    "section",
    { "aria-labelledby": "latency", hidden: "" },
    element("h2", { id: "latency" }, "Time of runs by host"),
    element(
      "p",
      { class: "key" },
      element("span", { class: "mark warm" }),
      "warm: over a connection that was up",
      element("span", { class: "mark cold" }),
      "cold: waited for a new one",
    ),
    wideTable("latency", ["Host", "Warm", "Cold", "Latest", "Spread"], this.#rows),
  );
  #shown = "";

  show(hosts: readonly HostLatency[]): void {
    const now = JSON.stringify(hosts);
    if (now === this.#shown) return;
    this.#shown = now;
    this.root.hidden = hosts.length === 0;
    this.#rows.replaceChildren(...hosts.map(rowOf));
  }
}

function rowOf(host: HostLatency): HTMLElement {
  return element(
    "tr",
    {},
    element("th", { scope: "row" }, visible(host.host)),
    cell(host.warm),
    cell(host.cold),
    element("td", {}, barChart("The latest runs", latestBars(host.latest))),
    element("td", {}, barChart("How many runs took how long", spreadBars(host.buckets))),
  );
}

function cell({ count, p50, p95, p99 }: Latency): HTMLElement {
  if (count === 0) return element("td", { class: "none" }, "none yet");
  const text = `median ${formatSpan(p50)} · p95 ${formatSpan(p95)} · p99 ${formatSpan(p99)}`;
  return element("td", {}, text, " ", element("span", { class: "count" }, `(${count})`));
}

function latestBars(latest: HostLatency["latest"]): Bar[] {
  return latest.map(({ totalMs, warm }) => ({
    parts: [{ value: totalMs, kind: warm ? "warm" : "cold" }],
    label: `${formatSpan(totalMs)}, ${warm ? "warm" : "cold"}`,
  }));
}

/** From the first non-empty bucket to the last. */
function spreadBars({ warm, cold }: HostLatency["buckets"]): Bar[] {
  const all = warm.map(({ upToMs, count }, at) => ({ upToMs, warm: count, cold: cold[at]?.count ?? 0 }));
  const filled = all.map((each) => each.warm + each.cold > 0);
  return all.slice(Math.max(0, filled.indexOf(true)), filled.lastIndexOf(true) + 1).map((each) => ({
    parts: [
      { value: each.warm, kind: "warm" },
      { value: each.cold, kind: "cold" },
    ],
    label: `${each.upToMs === null ? "longer" : `up to ${formatSpan(each.upToMs)}`}: ${each.warm} warm, ${each.cold} cold`,
  }));
}
