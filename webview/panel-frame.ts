import type { Look } from "../protocol/panel.ts";
import type { Bridge } from "./bridge.ts";
import { element } from "./element.ts";
import { Screen } from "./screen.ts";

/**
 * What stays in the page while one run follows another: the screen, which takes longest to make, and the place for the
 * rest. It can be made, out of sight, before there is a run to show, so that the first output of one does not wait for it.
 */
export class PanelFrame {
  readonly element = element("div", { class: "panel prepared" });
  readonly body = element("main", { class: "body" });
  readonly screen: Screen;

  constructor(app: HTMLElement, look: Look, bridge: Bridge) {
    this.element.append(this.body);
    app.append(this.element);
    this.screen = new Screen(this.body, {
      look,
      drawn: (characters) => bridge.post({ type: "drawn", characters }),
      openLink: (url) => bridge.post({ type: "openLink", url }),
      openOutput: () => bridge.post({ type: "openOutput" }),
    });
  }
}
