// What a command gets from the run it belongs to.
export interface Context {
  /** Aborts on SIGINT, SIGTERM, and when stdout cannot be written any more. */
  readonly signal: AbortSignal
  /** Sets the exit code of a run that ends without an error (verification failed: 1). */
  exit(code: 0 | 1): void
}
