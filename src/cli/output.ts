import { printable } from './printable.ts'
import { cutTo, lineWidth, widthOf } from './width.ts'

/** The value as JSON for programs, or what `forPeople` makes of it. */
export function print(json: boolean | undefined, value: unknown, forPeople: () => string): void {
  process.stdout.write(json ? `${JSON.stringify(value, null, 2)}\n` : forPeople())
}

/** Columns under their titles. On a terminal, or with COLUMNS, the widest are cut until a row fits, or rows are folded; else all is shown. */
export function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  return tableOf(titles, rows, lineWidth())
}

/** @param width of the terminal in characters; undefined: as wide as it gets */
export function tableOf(
  titles: readonly string[],
  rows: readonly (readonly string[])[],
  width: number | undefined,
): string {
  const cells = [titles.map((title) => title.toUpperCase()), ...rows.map((row) => row.map(printable))]
  const widest = titles.map((_, column) =>
    cells.reduce((most, row) => Math.max(most, widthOf(row[column] ?? '')), 0),
  )
  const widths = width === undefined ? widest : shrink(widest, width)
  if (width !== undefined && lengthOf(widths) > width) return folded(cells, width)
  const lines = cells.map((row) => row.map((cell, column) => pad(cell, widths[column] ?? 0)).join(GAP))
  return lines.map((line) => `${line.trimEnd()}\n`).join('')
}

/** One `name  value` line for each field. */
export function fields(values: Readonly<Record<string, string>>): string {
  const width = Math.max(...Object.keys(values).map((name) => name.length))
  return Object.entries(values)
    .map(([name, value]) => `${name.padEnd(width)}${GAP}${printable(value)}\n`)
    .join('')
}

/** What is not known, as people see it. */
export function orDash(value: string | number | null | undefined): string {
  return value === null || value === undefined || value === '' ? '-' : String(value)
}

/** `rack=a1, site=x`. */
export function labelsText(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join(', ')
}

/** Moves the cursor of a terminal home and clears what is below (ECMA-48: CUP, ED). */
export const CLEAR = '\u001b[H\u001b[J'

const GAP = '  '
/** Room for a few characters and the mark of the cut. */
const NARROWEST = 6

function shrink(widest: readonly number[], width: number): number[] {
  const widths = [...widest]
  while (lengthOf(widths) > width) {
    const most = Math.max(...widths)
    if (most <= NARROWEST) break
    widths[widths.indexOf(most)] = most - 1
  }
  return widths
}

/** Of a row with such columns. */
function lengthOf(widths: readonly number[]): number {
  return widths.reduce((sum, one) => sum + one + GAP.length, -GAP.length)
}

/** For terminals that are too narrow for columns: each row on lines of its own, its first cell as their heading. */
function folded([titles = [], ...rows]: readonly (readonly string[])[], width: number): string {
  const lines = rows.flatMap((row) =>
    row.map((cell, column) => (column === 0 ? cell : `${GAP}${titles[column]}: ${cell}`)),
  )
  return lines.map((line) => `${cutTo(line, width)}\n`).join('')
}

function pad(cell: string, width: number): string {
  const shown = cutTo(cell, width)
  return shown + ' '.repeat(Math.max(0, width - widthOf(shown)))
}
