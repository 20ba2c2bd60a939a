import type { Look } from "../protocol/panel.ts";
import type { Bridge } from "./bridge.ts";
import { element } from "./element.ts";
import { Screen } from "./screen.ts";

/**
 * Where a run is shown: the part of a panel that takes longest to make. It can be made, out of sight, before there is a run
 * to show, so that the first output of one does not wait for it.
 */
export class PreparedScreen {
  readonly body = element("main", { class: "body" });
  readonly screen: Screen;
  readonly #hidden = element("div", { class: "prepared" }, this.body);

  constructor(app: HTMLElement, look: Look, bridge: Bridge) {
    app.append(this.#hidden);
    this.screen = new Screen(this.body, {
      look,
      drawn: (characters) => bridge.post({ type: "drawn", characters }),
      openLink: (url) => bridge.post({ type: "openLink", url }),
      openOutput: () => bridge.post({ type: "openOutput" }),
    });
  }

  /** For the panel that takes the body into its own. */
  take(): HTMLElement {
    this.#hidden.remove();
    return this.body;
  }
}
