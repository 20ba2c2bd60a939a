// Takes the README's pictures of the demo's eight hosts, media/job-grid.png and media/job-terminal.png, anew: of the VSIX
// and the code-server that TEST_VSIX and TEST_CODE_SERVER name, after `npm run package` and `npm run test:editor`.
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openBrowser } from "./support/browser.ts";
import { openCodeServer } from "./support/code-server.ts";
import { Workbench } from "./support/workbench.ts";
import { root } from "../scripts/bootstrap.mjs";
import { addFleet } from "../scripts/demo-fleet.mjs";
import { askDaemon, demoPlace, makePlace, readText, removePlace, startSshd } from "../scripts/demo-place.mjs";

const command = "cat ~/app.conf";
const pictureOf = (name) => join(root, "media", `${name}.png`);

await using owned = new AsyncDisposableStack();
const place = demoPlace(join(await mkdtemp(join(tmpdir(), "hostrun-pictures-")), "demo"));
await makePlace(place);
owned.defer(() => removePlace(place));
const { port } = await startSshd(place);
const code = owned.use(await openCodeServer({ settings: { "terminal.integrated.gpuAcceleration": "off" } }));
const cli = join(code.extension, "dist/cli.cjs");
await writeFile(
  join(code.home, ".bashrc"),
  `PS1='$ '\nhostrun() { ${process.execPath} ${cli} "$@"; }\nclear\n`,
);
await code.hostrun("start");
const socket = join(code.stateDirectory, "daemon.sock");
const [, key] = readText(`${place.hostKey}.pub`).split(" ");
await addFleet(place, { port, key }, (...request) => askDaemon(socket, ...request));
const browser = await openBrowser();
owned.defer(() => browser.close());
const window = await Workbench.open(browser, code);
const { page } = window;
await page.emulateMedia({ colorScheme: "dark" });
await page.setViewportSize({ width: 1360, height: 640 });
await window.showHostrun();
await takeGrid();
await takeTerminal();

async function takeGrid() {
  await window.command("Hostrun: Run on Several Hosts…");
  await window.answer(/Select hosts, tags and groups/, "web* db*");
  await window.answer(/Type a command/, command);
  await window.run.getByRole("button", { name: "Run on 8 hosts" }).click();
  await window.run.getByText("web[1-2,4,6]").waitFor();
  await window.row(/7 of 8 ok, 1 failed/).waitFor();
  await page.mouse.move(0, 0);
  await page.screenshot({ path: pictureOf("job-grid") });
}

async function takeTerminal() {
  await window.command("View: Close Primary Side Bar");
  await window.command("Terminal: Create New Terminal");
  const rows = page.locator(".terminal .xterm-rows");
  await rows.getByText("$").first().waitFor();
  await window.command("View: Toggle Maximized Panel");
  await window.command("Terminal: Focus Terminal");
  await page.locator(".terminal.xterm.focus").waitFor();
  await page.keyboard.type(`hostrun run --diff tag:web -- '${command}'\n`);
  await rows.getByText("6 of 6 hosts ended").waitFor();
  await page.screenshot({ path: pictureOf("job-terminal") });
}
