import { readFileSync } from 'node:fs'

/** What a process has cost so far. */
export interface Cost {
  /** Of the process, and of the programs it ran that have ended. */
  readonly cpuSeconds: number
  readonly residentMegabytes: number
}

/** What proc(5) says of a process. */
export function costOf({ pid }: { readonly pid: number }): Cost {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // The name stands in brackets and may hold anything; the fields behind it are counted from the third.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0)
  const [, kilobytes] = readFileSync(`/proc/${pid}/status`, 'utf8').match(/^VmRSS:\s+(\d+) kB$/m) ?? []
  return { cpuSeconds: ticks / TICKS_PER_SECOND, residentMegabytes: Number(kilobytes) / 1024 }
}

/** sysconf(3) _SC_CLK_TCK, which is this on every Linux of today. */
const TICKS_PER_SECOND = 100

/** The least value that `share` of all values do not exceed. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.ceil(sorted.length * share) - 1] ?? Number.NaN
}
