import type { Answer } from '../../lab/ping.ts'
import { table } from '../output.ts'

/**
 * Who reached whom: a row for each sender, a column for each receiver by its number, and in a cell the families that
 * answered: `4+6`, `4`, `6` or `-`. Sixteen nodes fit on a screen.
 */
export function matrix(names: readonly string[], answers: readonly Answer[]): string {
  const rows = names.map((from) => [from, ...names.map((to) => cell(from, to, answers))])
  return table(['from \\ to', ...names.map((name) => name.replace(/^node-/, ''))], rows)
}

function cell(from: string, to: string, answers: readonly Answer[]): string {
  if (from === to) return ''
  const here = answers.filter((answer) => answer.answered && answer.from.name === from && answer.to === to)
  return here.map(({ family }) => family).join('+') || '-'
}
