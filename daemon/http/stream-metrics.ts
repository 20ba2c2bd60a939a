/** Counters over all event streams of the daemon. */
export class StreamMetrics {
  open = 0;
  opened = 0;
  resumed = 0;
  bytesSent = 0;

  begin(resumed: boolean): void {
    this.open++;
    this.opened++;
    if (resumed) this.resumed++;
  }

  end(): void {
    this.open--;
  }
}
