import { InvalidArgumentError } from 'commander'

/** An option's value as a whole number. Throws what commander shows as wrong usage. */
export function wholeNumber(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('It must be a whole number.')
}

const SECONDS = new Map([
  ['s', 1],
  ['m', 60],
  ['h', 3_600],
  ['d', 86_400],
])

/** `90s`, `15m`, `1h` or `7d` in seconds. */
export function duration(text: string): number {
  const [, count, unit] = /^(\d{1,9})([smhd])$/.exec(text) ?? []
  const seconds = SECONDS.get(unit ?? '')
  if (seconds !== undefined) return Number(count) * seconds
  throw new InvalidArgumentError('It must be a number with a unit, such as 90s, 15m, 1h or 7d.')
}
