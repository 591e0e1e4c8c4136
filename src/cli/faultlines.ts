import type { WeftError } from '../errors.ts'
import { printable } from './printable.ts'

/** What went wrong, as stderr shows it to people. */
export function faultLines(error: WeftError): string {
  const lines = [`error: ${printable(error.message)}`]
  if (error.advice) lines.push(`       ${printable(error.advice)}`)
  if (error.code !== 'internal') return `${lines.join('\n')}\n`
  if (process.env.WEFT_DEBUG)
    lines.push(String(error.cause instanceof Error ? error.cause.stack : error.cause))
  else lines.push('       WEFT_DEBUG=1 shows where it came from.')
  return `${lines.join('\n')}\n`
}
