import { expect, test } from "vitest";
import { openLookup } from "../../../../support/host-lookup.ts";

test.each(["state", 'sta"te', "sta te", "it's", "sta[t]e*?", String.raw`sta\te`, String.raw`sta\"te`])(
  "with another HOME an Include is followed whatever the name of the state directory: %s",
  async (stateDirectory) => {
    const files = {
      ".ssh/config": "Include more.conf\nHost web1\n  HostName 10.0.0.1\n",
      ".ssh/more.conf": "Host web2\n  HostName 10.0.0.2\n",
    };
    await using home = await openLookup({ files, stateDirectory });
    expect((await home.lookup.find("web1")).hop.address).toBe("10.0.0.1");
    expect((await home.lookup.find("web2")).hop.address).toBe("10.0.0.2");
  },
);
