/** How often each fault is made: `few` in `npm test`, `many` in `npm run faults`. */
export function runs(few: number, many: number): number {
  return process.env.WEFT_FAULTS === 'many' ? many : few
}

/** What a series comes to, run after run. */
export class Tally {
  runs = 0
  acknowledged = 0
  lost = 0

  /** Counts a run: what it acknowledged is lost until `check` has found all of it. */
  async count(acknowledged: number, check: () => Promise<unknown>): Promise<void> {
    this.runs++
    this.acknowledged += acknowledged
    this.lost += acknowledged
    await check()
    this.lost -= acknowledged
  }
}

/** One line of the report of `npm run faults`: what a series came to. */
export function report(series: string, figures: Readonly<Record<string, number | string>>): void {
  const text = Object.entries(figures).map(([name, value]) => `${value} ${name}`)
  process.stdout.write(`FAULTS ${series}: ${text.join(', ')}\n`)
}
