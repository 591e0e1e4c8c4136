import type { Answer } from '../../lab/ping.ts'
import { tableOf } from '../output.ts'
import type { PairPath } from './paths.ts'

/**
 * Who reached whom: a row for each sender, a column for each receiver by its number or name, and in a cell the families
 * that answered: `4+6`, `4`, `6` or `-`. Sixteen nodes fit on a screen.
 */
export function pingMatrix(names: readonly string[], answers: readonly Answer[]): string {
  return matrix(names, (from, to) => {
    const here = answers.filter((answer) => answer.answered && answer.from.name === from && answer.to === to)
    return here.map(({ family }) => family).join('+')
  })
}

/** Over what they talk: the kind of path, or the relay; `?` behind what is not confirmed yet. */
export function pathMatrix(names: readonly string[], paths: readonly PairPath[]): string {
  return matrix(names, (from, to) => {
    const found = paths.find((pair) => pair.from === from && pair.to === to)
    return found ? `${found.via ?? found.kind}${found.up ? '' : '?'}` : ''
  })
}

/** Two blocks of lines next to each other. */
export function beside(left: string, right: string): string {
  const [lefts, rights] = [left.split('\n'), right.split('\n')]
  const width = Math.max(...lefts.map((line) => line.length))
  return lefts.map((line, row) => `${line.padEnd(width)}    ${rights[row] ?? ''}`.trimEnd()).join('\n')
}

function matrix(names: readonly string[], cell: (from: string, to: string) => string): string {
  const rows = names.map((from) => [from, ...names.map((to) => (from === to ? '' : cell(from, to) || '-'))])
  return tableOf(['from \\ to', ...names.map((name) => name.replace(/^node-/, ''))], rows, undefined)
}
