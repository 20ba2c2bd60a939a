import type { SettingsFile } from "../../settings/settings.ts";
import type { Handlers } from "../request-context.ts";

export function settingsRoutes(settings: SettingsFile): Pick<Handlers, "getSettings" | "updateSettings"> {
  return {
    getSettings: () => settings.report(),
    updateSettings: ({ body }) => {
      settings.update(body);
      return settings.report();
    },
  };
}
