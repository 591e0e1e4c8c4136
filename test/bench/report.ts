import type { Result, Scenario } from './scenario.ts'

const COLUMNS = [
  ['scenario', ({ scenario }) => scenario],
  ['agents', ({ agents }) => agents],
  ['peers', ({ peers }) => peers],
  ['p50 ms', ({ p50Ms }) => p50Ms],
  ['p99 ms', ({ p99Ms }) => p99Ms],
  ['max ms', ({ maxMs }) => maxMs],
  ['floor ms', ({ floorMs }) => floorMs],
  ['ratio', ({ ratio }) => ratio],
  ['bytes/agent', ({ bytesPerAgent }) => bytesPerAgent],
  ['encodings', ({ encodings }) => encodings],
  ['signatures', ({ signatures }) => signatures],
  ['RSS MB', ({ rssMb }) => rssMb],
] as const satisfies readonly (readonly [string, (result: Result) => string | number | undefined])[]

/**
 * One object for a scenario that was measured in several sizes or shapes: the fields are those of the last and largest, and
 * those of each other stand in a note, with its own notes.
 */
export function toOne(results: readonly Result[]): Result | undefined {
  const last = results.at(-1)
  if (!last) return undefined
  const others = results
    .slice(0, -1)
    .map(({ scenario: _, ...fields }) => `also measured: ${JSON.stringify(fields)}`)
  return { ...last, notes: [...last.notes, ...others] }
}

/** A line for each result, without columns that nothing stands in; then the notes and goals. */
export function toTable(results: readonly Result[], scenarios: readonly Scenario[]): string {
  const columns = COLUMNS.filter(([, value]) => results.some((result) => value(result) !== undefined))
  const rows = [
    columns.map(([title]): string => title),
    ...results.map((result) => columns.map(([, value]) => String(value(result) ?? ''))),
  ]
  const widths = columns.map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)))
  const lines = rows.map((row) =>
    row
      .map((cell, at) => pad(cell, widths[at] ?? 0, at))
      .join('  ')
      .trimEnd(),
  )
  return [...lines, '', ...scenarios.flatMap((scenario) => remarks(scenario, results)), ''].join('\n')
}

/** Names to the left, numbers to the right. */
function pad(cell: string, width: number, column: number): string {
  return column === 0 ? cell.padEnd(width) : cell.padStart(width)
}

function remarks({ name, work, goal }: Scenario, results: readonly Result[]): string[] {
  const own = results.filter(({ scenario }) => scenario === name)
  const notes = new Set(own.flatMap((result) => result.notes.map((note) => `  ${label(result)}${note}`)))
  return [`${name}: ${work}`, `  goal: ${goal}`, ...notes]
}

function label({ agents, peers }: Result): string {
  const number = agents ?? peers
  return number === undefined ? '' : `${number}: `
}
