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

/** Takes one, if there is one. Full while nothing was taken. */
export function takeOne(
  { rate, burst }: Allowance,
  before: Level | undefined,
  now: number,
): { readonly level: Level; readonly isGranted: boolean } {
  const { left, at } = before ?? { left: burst, at: now }
  const filled = Math.min(burst, left + ((now - at) / 1_000) * rate)
  const isGranted = filled >= 1
  return { level: { left: isGranted ? filled - 1 : filled, at: now }, isGranted }
}
