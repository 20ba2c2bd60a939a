import type { LoginShell, ShellMemory } from "../transport/login-shell.ts";
import type { Database } from "./database.ts";

const shells: { readonly [Shell in LoginShell]: Shell } = {
  bourne: "bourne",
  fish: "fish",
  csh: "csh",
  other: "other",
  none: "none",
};

/** The detected login shells, in SQLite, so that a host is asked once rather than after every start. */
export function createShellMemory({ sql }: Database): ShellMemory {
  const read = sql.prepare<[string], string>("SELECT shell FROM login_shells WHERE login = ?").pluck();
  const write = sql.prepare<[string, LoginShell, string]>(
    "INSERT OR REPLACE INTO login_shells (login, shell, learned_at) VALUES (?, ?, ?)",
  );
  const remove = sql.prepare<[string]>("DELETE FROM login_shells WHERE login = ?");
  return {
    // An unknown value counts as not known: the host is asked again.
    get: (login) => {
      const stored = read.get(login);
      return Object.values(shells).find((shell) => shell === stored);
    },
    set: (login, shell) => {
      write.run(login, shell, new Date().toISOString());
    },
    forget: (login) => {
      remove.run(login);
    },
  };
}
