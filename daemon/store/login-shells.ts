import type { LoginShell, ShellMemory } from "../runs/login-shell.ts";
import type { Database } from "./database.ts";

/** What was learned of logins' shells, in SQLite, so that a host is asked once and not after every start. */
export function createShellMemory({ sql }: Database): ShellMemory {
  const read = sql.prepare<[string], { login: string; shell: LoginShell }>(
    "SELECT login, shell FROM login_shells WHERE login = ?",
  );
  const write = sql.prepare<[string, LoginShell, string]>(
    "INSERT OR REPLACE INTO login_shells (login, shell, learned_at) VALUES (?, ?, ?)",
  );
  const remove = sql.prepare<[string]>("DELETE FROM login_shells WHERE login = ?");
  return {
    get: (login) => read.get(login)?.shell,
    set: (login, shell) => {
      write.run(login, shell, new Date().toISOString());
    },
    forget: (login) => {
      remove.run(login);
    },
  };
}
