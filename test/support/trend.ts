/** A line through points by least squares. */
export interface Trend {
  readonly mean: number;
  readonly perHour: number;
  /** Half of the interval around `perHour` that holds the true slope in 95 of 100 cases. */
  readonly plusMinus: number;
}

/** Of points each of which is a time in milliseconds and a value. */
export function trendOf(points: readonly (readonly [atMs: number, value: number])[]): Trend {
  const [atMean, mean] = [meanOf(points.map(([at]) => at)), meanOf(points.map(([, value]) => value))];
  const across = sum(points.map(([at]) => (at - atMean) ** 2));
  const slope = sum(points.map(([at, value]) => (at - atMean) * (value - mean))) / across;
  const rests = points.map(([at, value]) => value - mean - slope * (at - atMean));
  const square = sum(rests.map((rest) => rest ** 2));
  // One that is high is followed by others: so many fewer points say something of their own.
  const next = sum(rests.slice(1).map((rest, at) => rest * (rests[at] ?? 0)));
  const likeness = Math.min(0.95, Math.max(0, square === 0 ? 0 : next / square));
  const error = Math.sqrt((square / (points.length - 2) / across) * ((1 + likeness) / (1 - likeness)));
  const hour = 3_600_000;
  return { mean, perHour: slope * hour, plusMinus: 1.96 * error * hour };
}

function meanOf(values: readonly number[]): number {
  return sum(values) / values.length;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
