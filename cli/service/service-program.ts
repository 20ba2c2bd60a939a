/** The program that a service manager starts. Every path is absolute. */
export interface ServiceProgram {
  readonly runtime: string;
  readonly script: string;
  readonly stateDirectory: string;
  readonly socket: string;
}
