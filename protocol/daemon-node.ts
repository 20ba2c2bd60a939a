/** The oldest Node.js that runs the daemon: SQLite's native part ends an older one without a message. */
export const minDaemonNode = "22.15";

/** Whether a Node.js of this version, e.g. 24.1.0, runs the daemon. */
export function runsDaemon(nodeVersion: string): boolean {
  const [major = 0, minor = 0] = nodeVersion.split(".").map(Number);
  const [minMajor = 0, minMinor = 0] = minDaemonNode.split(".").map(Number);
  return major > minMajor || (major === minMajor && minor >= minMinor);
}
