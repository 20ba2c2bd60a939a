import { hasRun } from "../../protocol/job.ts";
import type { PanelGroup } from "../../protocol/job-panel.ts";
import { element } from "../element.ts";
import { label } from "../labels.ts";
import { endingOfGroup } from "./row-labels.ts";

export interface GroupEvents {
  open(runId: string): void;
  compare(a: string, b: string): void;
  compareOther(runId: string): void;
}

type RunGroup = PanelGroup & { readonly runId: string };

/** Each distinct output once, with the hosts that produced it. */
export class GroupList {
  readonly element = element("section", { class: "groups", tabindex: "0", "aria-label": label("groupList") });
  readonly #events: GroupEvents;

  constructor(events: GroupEvents) {
    this.#events = events;
    this.show([]);
  }

  show(groups: readonly PanelGroup[]): void {
    if (groups.length === 0) {
      this.element.replaceChildren(element("p", { class: "groups-empty" }, label("noGroups")));
      return;
    }
    const { scrollTop } = this.element;
    this.element.replaceChildren(...groups.map((group) => this.#group(group, groups)));
    this.element.scrollTop = scrollTop;
  }

  #group(group: PanelGroup, groups: readonly PanelGroup[]): HTMLElement {
    const { hosts, count, preview, isCut } = group;
    const head = element("div", { class: "group-head" });
    head.append(element("b", {}, String(count)));
    const hasOutput = group.outcome !== "failed" && hasRun(group);
    if (count > 1 && hasOutput) head.append(element("span", { class: "dim" }, label("identical")));
    head.append(element("span", { class: "group-hosts", title: hosts }, hosts));
    const { tone, words } = endingOfGroup(group);
    if (tone !== "good") head.append(element("span", { class: `tone-${tone}` }, words));
    const article = element("article", { class: "group", "aria-label": `${count}: ${hosts}` }, head);
    if (!hasRun(group)) return article;
    head.append(this.#links(group, groups.filter(hasRun)));
    const text =
      preview === "" ? element("p", { class: "dim" }, label("noOutput")) : element("pre", {}, preview);
    const cut = isCut ? [element("p", { class: "dim" }, label("cutOutput"))] : [];
    article.append(text, ...cut);
    return article;
  }

  #links({ runId, outcome }: RunGroup, groups: readonly RunGroup[]): HTMLElement {
    const links = element("span", { class: "group-links" });
    // Without a command's output there is nothing to compare.
    const others = groups.filter((group) => group.outcome !== "failed");
    const [largest] = others;
    if (largest !== undefined && largest.runId !== runId && outcome !== "failed") {
      links.append(link("compareLargest", () => this.#events.compare(largest.runId, runId)));
      // With two groups each can only be compared with the other.
      if (others.length > 2) links.append(link("compareOther", () => this.#events.compareOther(runId)));
    }
    links.append(link("openRun", () => this.#events.open(runId)));
    return links;
  }
}

function link(name: "compareLargest" | "compareOther" | "openRun", act: () => void): HTMLButtonElement {
  const button = element("button", { class: "link-button", type: "button" }, label(name));
  button.addEventListener("click", act);
  return button;
}
