import { relative } from 'node:path'
import type { FileResult } from './file.ts'
import type { StepResult } from './steps.ts'

/** Lines that are shown of an error, whose beginning says most, and of what a file printed, whose end does. */
const SHOWN_LINES = 40

export interface Totals {
  readonly passed: number
  /** Tests, and steps of the gate. */
  readonly failed: number
  readonly skipped: number
}

/** One line for a step of the gate that has ended. */
export function reportStep(step: StepResult): void {
  say(`${mark(step.passed)} ${step.name} (${seconds(step.took)})`)
}

/** One line for a test file that has ended, and one for each of its tests that failed or was skipped, or had something to tell. */
export function reportFile(result: FileResult): void {
  const { file, passed, failures, skips, notes, took } = result
  const isSkipped = passed === 0 && failures.length === 0
  const outcome = isSkipped ? ' skip ' : mark(failures.length === 0)
  say(`${outcome} ${short(file)}: ${passed} passed (${seconds(took)})`)
  for (const { title } of failures) say(`       FAILED: ${title}`)
  for (const skip of skips) say(`       SKIPPED: ${skip}`)
  for (const note of notes) say(`       ${note}`)
}

/** All that failed once more, with the errors and what was printed, so that nobody has to scroll; the names stand last. */
export function reportFailures(steps: readonly StepResult[], files: readonly FileResult[]): void {
  for (const step of steps.filter(({ passed }) => !passed)) {
    say(`\n=== ${step.name}`)
    say(step.output.trimEnd())
  }
  for (const { file, failures, output } of files.filter(({ failures }) => failures.length > 0)) {
    for (const { title, error } of failures) say(`\n=== ${short(file)}: ${title}\n${firstLines(error)}`)
    if (output !== '') say(`\n--- printed by ${short(file)}\n${lastLines(output)}`)
  }
  say('')
  for (const { name } of steps.filter(({ passed }) => !passed)) say(`FAILED ${name}`)
  for (const { file, failures } of files)
    for (const { title } of failures) say(`FAILED ${short(file)}: ${title}`)
}

/** What a phase took, for this has to end in time on slower machines, too. */
export function reportPhase(name: string, took: number): void {
  say(`  -- the ${name} tests took ${seconds(took)}`)
}

/** The sums over all that ran. */
export function totals(steps: readonly StepResult[], files: readonly FileResult[]): Totals {
  const sum = (count: (file: FileResult) => number) => files.reduce((total, file) => total + count(file), 0)
  return {
    passed: sum(({ passed }) => passed),
    failed: steps.filter(({ passed }) => !passed).length + sum(({ failures }) => failures.length),
    skipped: sum(({ skips }) => skips.length),
  }
}

/** `12 passed, 0 failed`, and the skipped ones when there are any. */
export function totalLine({ passed, failed, skipped }: Totals): string {
  const line = `${passed} passed, ${failed} failed`
  return skipped > 0 ? `${line}, ${skipped} skipped` : line
}

function mark(passed: boolean): string {
  return passed ? '  ok  ' : 'FAILED'
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`
}

function short(file: string): string {
  return relative(process.cwd(), file)
}

function firstLines(error: string): string {
  return error.split('\n').slice(0, SHOWN_LINES).join('\n')
}

function lastLines(output: string): string {
  return output.trimEnd().split('\n').slice(-SHOWN_LINES).join('\n')
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}
