/** How often each fault is made: `few` in `npm test`, `many` in `npm run faults`. */
export function runs(few: number, many: number): number {
  return process.env.WEFT_FAULTS === 'many' ? many : few
}

/** One line of the report of `npm run faults`: what a series came to. */
export function report(series: string, figures: Readonly<Record<string, number | string>>): void {
  const text = Object.entries(figures).map(([name, value]) => `${value} ${name}`)
  process.stdout.write(`FAULTS ${series}: ${text.join(', ')}\n`)
}
