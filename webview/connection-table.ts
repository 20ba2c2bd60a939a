import type { Connection } from "../protocol/stats.ts";
import { visible } from "../protocol/visible.ts";
import { element } from "./element.ts";
import { wideTable } from "./wide-table.ts";

const heads = ["Host", "Login", "State", "Channels", "Runs", "Transport", "Algorithms", ""];

/** The open connections, each with a button that closes it. */
export class ConnectionTable {
  readonly #close: (id: string) => void;
  readonly #rows = element("tbody");
  readonly root = element(
    "section",
    { "aria-labelledby": "connections", hidden: "" },
    element("h2", { id: "connections" }, "Open connections"),
    wideTable("connections", heads, this.#rows),
  );
  #shown = "";

  constructor(close: (id: string) => void) {
    this.#close = close;
  }

  show(connections: readonly Connection[]): void {
    const now = JSON.stringify(connections);
    if (now === this.#shown) return;
    this.#shown = now;
    this.root.hidden = connections.length === 0;
    const focused = document.activeElement?.getAttribute("data-connection") ?? null;
    this.#rows.replaceChildren(...connections.map((each) => this.#row(each)));
    // Restores the keyboard focus.
    for (const button of this.#rows.querySelectorAll("button"))
      if (focused !== null && button.getAttribute("data-connection") === focused) button.focus();
  }

  #row(connection: Connection): HTMLElement {
    const { id, host, user, address, port, jump, state, channels, runs, transport } = connection;
    const name = visible(host);
    const way = jump.length === 0 ? "" : ` by ${jump.map((hop) => visible(hop)).join(", ")}`;
    const close = element(
      "button",
      { type: "button", "data-connection": id, "aria-label": `Close the connection to ${name}` },
      "Close",
    );
    close.addEventListener("click", () => this.#close(id));
    return element(
      "tr",
      {},
      element("th", { scope: "row" }, name),
      element("td", {}, visible(`${user}@${address}:${port}`) + way),
      ...[state, String(channels), String(runs)].map((text) => element("td", {}, text)),
      element("td", {}, visible(reasonOf(connection)) || transport),
      element("td", {}, algorithmsOf(connection)),
      element("td", {}, close),
    );
  }
}

function reasonOf({ transport, transportReason }: Connection): string {
  return transportReason === null ? transport : `${transport}: ${transportReason}`;
}

function algorithmsOf({ kex, cipher, mac, hostKeyType }: Connection): string {
  return [kex, cipher, mac, hostKeyType]
    .filter((name) => name !== null && name !== "")
    .map((name) => visible(name ?? ""))
    .join(", ");
}
