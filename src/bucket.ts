/** How much somebody may ask for: `burst` at once, and then `rate` a second. */
export interface Allowance {
  readonly rate: number
  readonly burst: number
}

/** A token bucket: what is left of an allowance, and when that was, in milliseconds by the monotonic clock. */
export interface Level {
  readonly left: number
  readonly at: number
}

/** Takes so many, if they are there. Full while nothing was taken. */
export function takeFrom(
  { rate, burst }: Allowance,
  before: Level | undefined,
  now: number,
  count = 1,
): { readonly level: Level; readonly isGranted: boolean } {
  const { left, at } = before ?? { left: burst, at: now }
  const filled = Math.min(burst, left + ((now - at) / 1_000) * rate)
  const isGranted = filled >= count
  return { level: { left: isGranted ? filled - count : filled, at: now }, isGranted }
}
