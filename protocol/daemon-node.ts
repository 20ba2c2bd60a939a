/** The oldest Node.js that runs the daemon: SQLite's native addon crashes an older one without an error message. */
export const minDaemonNode = "22.15";

/** Whether a Node.js of this version, e.g. 24.1.0, can run the daemon. */
export function runsDaemon(nodeVersion: string): boolean {
  const [major = 0, minor = 0] = nodeVersion.split(".").map(Number);
  const [minMajor = 0, minMinor = 0] = minDaemonNode.split(".").map(Number);
  return major > minMajor || (major === minMajor && minor >= minMinor);
}
