/** A comment in every file of a service, by which it is recognised later. */
export const writtenBy =
  "Written by `hostrun install-service`, which replaces it; `hostrun uninstall-service` removes it.";
