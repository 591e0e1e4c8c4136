import { percentile } from '../../e2e/measure.ts'
import { type Result, round } from '../scenario.ts'

/** The median, the 99th of a hundred, and the most. */
export function spread(times: readonly number[]): Required<Pick<Result, 'p50Ms' | 'p99Ms' | 'maxMs'>> {
  return {
    p50Ms: round(percentile(times, 0.5)),
    p99Ms: round(percentile(times, 0.99)),
    maxMs: round(Math.max(...times)),
  }
}

export function median(times: readonly number[]): number {
  return percentile(times, 0.5)
}

/** The same for medians of ours and of the floor. */
export function against(
  times: readonly number[],
  floor: readonly number[],
): Required<Pick<Result, 'p50Ms' | 'p99Ms' | 'maxMs' | 'floorMs' | 'ratio'>> {
  return {
    ...spread(times),
    floorMs: round(median(floor)),
    ratio: round(median(times) / median(floor)),
  }
}
