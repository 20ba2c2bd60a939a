import type * as vscode from "vscode";

/**
 * The row of a tree that has the keyboard focus. VS Code exposes only the selected rows, and arrow keys do not select:
 * the keybinding runs `list.toggleSelection` before its command, and the row is the difference.
 */
export class FocusedRow<Node> {
  readonly #tree: vscode.TreeView<Node>;
  readonly #keyOf: (node: Node) => string;
  readonly #subscription: vscode.Disposable;
  #before: readonly Node[] = [];
  #now: readonly Node[] = [];

  constructor(tree: vscode.TreeView<Node>, keyOf: (node: Node) => string) {
    this.#tree = tree;
    this.#keyOf = keyOf;
    this.#subscription = tree.onDidChangeSelection(({ selection }) => {
      this.#before = this.#now;
      this.#now = selection;
    });
  }

  /** Returns the row, and makes it the selection; undefined when no row has the focus. */
  async take(): Promise<Node | undefined> {
    const added = this.#missing(this.#now, this.#before);
    const row = added ?? this.#missing(this.#before, this.#now);
    if (row !== undefined) await this.#tree.reveal(row, { select: true, focus: false });
    return row;
  }

  /** Returns the row, or all selected rows if it is one of several. */
  async takeAll(): Promise<readonly Node[]> {
    const all = this.#before;
    const isAmongMany = all.length > 1 && all.length > this.#now.length;
    const row = await this.take();
    if (row === undefined) return [];
    return isAmongMany ? all : [row];
  }

  dispose(): void {
    this.#subscription.dispose();
  }

  #missing(nodes: readonly Node[], others: readonly Node[]): Node | undefined {
    const known = new Set(others.map(this.#keyOf));
    return nodes.find((node) => !known.has(this.#keyOf(node)));
  }
}
