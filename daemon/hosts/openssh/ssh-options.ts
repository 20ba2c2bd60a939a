/** The options of a name as `ssh -G` prints them: a keyword in lower case and its value on each line. */
export class SshOptions {
  readonly #values = new Map<string, string[]>();

  static parse(text: string): SshOptions {
    const options = new SshOptions();
    for (const line of text.split("\n")) {
      const space = line.indexOf(" ");
      const keyword = (space === -1 ? line : line.slice(0, space)).toLowerCase();
      if (keyword === "") continue;
      const values = options.all(keyword);
      options.#values.set(keyword, [...values, space === -1 ? "" : line.slice(space + 1)]);
    }
    return options;
  }

  /** The first value, or undefined. */
  first(keyword: string): string | undefined {
    return this.#values.get(keyword)?.[0];
  }

  /** All values of a keyword that may be given several times. */
  all(keyword: string): readonly string[] {
    return this.#values.get(keyword) ?? [];
  }

  keywords(): readonly string[] {
    return [...this.#values.keys()];
  }

  /** Whether both have the same values. */
  sameAs(other: SshOptions, keyword: string): boolean {
    return this.all(keyword).join("\n") === other.all(keyword).join("\n");
  }

  /** OpenSSH prints `yes`, or `true` for an option with more than two values. */
  isOn(keyword: string): boolean {
    return /^(?:yes|true)$/.test(this.first(keyword) ?? "");
  }

  isOff(keyword: string): boolean {
    return /^(?:no|false)$/.test(this.first(keyword) ?? "");
  }
}
