/** A script that runs on hosts, as text: esbuild bundles it, vitest.config.ts loads it for tests. */
declare module "*.pl" {
  const script: string;
  export default script;
}

/** The same of a shell's. */
declare module "*.sh" {
  const script: string;
  export default script;
}
declare module "*.bash" {
  const script: string;
  export default script;
}
declare module "*.zsh" {
  const script: string;
  export default script;
}
declare module "*.fish" {
  const script: string;
  export default script;
}
