/**
 * An environment for programs of the person's, such as a ProxyCommand: without Hostrun's own variables, and without those
 * that say how Node or Electron runs the daemon itself.
 */
export function withoutOwnVariables(
  environment: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(
    Object.entries(environment).filter(
      ([name]) => !/^(?:NODE_OPTIONS$|ELECTRON_RUN_AS_NODE$|HOSTRUN_)/.test(name),
    ),
  );
}
