import { WeftError } from '../../errors.ts'
import { print, table } from '../output.ts'

/** What came of one check. `warn`: it works, and could be better. `skip`: there was nothing to look at. */
export interface Finding {
  readonly check: string
  readonly state: 'ok' | 'warn' | 'fail' | 'skip'
  /** What was found, as a sentence. */
  readonly found: string
  /** What to do about it. */
  readonly advice?: string
}

export function ok(check: string, found: string): Finding {
  return { check, state: 'ok', found }
}

export function warn(check: string, found: string, advice: string): Finding {
  return { check, state: 'warn', found, advice }
}

export function fail(check: string, found: string, advice: string): Finding {
  return { check, state: 'fail', found, advice }
}

export function skip(check: string, found: string): Finding {
  return { check, state: 'skip', found }
}

/** Prints all findings in the order of the checks, and what to do. Throws `program-failed` when one of them is `fail`. */
export function report(findings: readonly Finding[], json: boolean | undefined): void {
  print(json, { findings }, () => `${findingTable(findings)}${whatToDo(findings)}`)
  const failed = findings.filter(({ state }) => state === 'fail').length
  if (failed === 0) return
  throw new WeftError('program-failed', `${failed} of ${findings.length} checks failed.`)
}

function findingTable(findings: readonly Finding[]): string {
  return table(
    ['', 'check', 'found'],
    findings.map(({ state, check, found }) => [state, check, found]),
  )
}

function whatToDo(findings: readonly Finding[]): string {
  const lines = findings.flatMap(({ check, advice }) => (advice ? [`  ${check}: ${advice}\n`] : []))
  return lines.length > 0 ? `\nWhat to do:\n${lines.join('')}` : ''
}
