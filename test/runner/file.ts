import { finished } from 'node:stream/promises'
import { run } from 'node:test'
import { inspect } from 'node:util'

export interface Failure {
  readonly title: string
  /** The error as Node prints it, without the frames of Node itself. */
  readonly error: string
}

/** What became of the tests of one file. A test with parts counts by its parts' failures, not by its own. */
export interface FileResult {
  readonly file: string
  readonly passed: number
  readonly failures: readonly Failure[]
  readonly skips: readonly string[]
  /** What its tests found worth telling, such as times: `t.diagnostic`. */
  readonly notes: readonly string[]
  /** Milliseconds. */
  readonly took: number
  /** What the file printed on both channels. */
  readonly output: string
}

/** Stands for the title of a test when it was the file that failed: it crashed, did not end, or holds no test. */
const WHOLE = 'the file as a whole'

/** Time between a test that is given up, by name, and the end of the file's process. */
const GRACE_MS = 5_000

/** Node counts in the same way as tests tell. */
const SUMMARY = /^(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) [\d.]+$/

/** Runs one test file in a process of its own, which is ended after `limit` ms. */
export async function runTestFile(file: string, limit: number): Promise<FileResult> {
  const start = performance.now()
  const failures: Failure[] = []
  const skips: string[] = []
  const notes: string[] = []
  let passed = 0
  let output = ''
  const stream = run({ files: [file], timeout: limit - GRACE_MS, signal: AbortSignal.timeout(limit) })
  stream.on('test:pass', ({ name, details, skip, todo }) => {
    if (details.type === 'suite' && !skip) return
    if (skip || todo) skips.push(`${name} (${skip || todo})`)
    else if (name === file) failures.push({ title: WHOLE, error: 'There is no test in it.' })
    else passed += 1
  })
  stream.on('test:fail', ({ name, details }) => {
    if (isOnlyByItsParts(details.error)) return
    failures.push({ title: name === file ? WHOLE : name, error: describe(details.error) })
  })
  stream.on('test:diagnostic', ({ message }) => {
    if (!SUMMARY.test(message)) notes.push(message)
  })
  const gather = ({ message }: { message: string }) => {
    output += message
  }
  stream.on('test:stdout', gather)
  stream.on('test:stderr', gather)
  await finished(stream.resume())
  return { file, passed, failures, skips, notes, took: performance.now() - start, output }
}

/** The same result where no test may be skipped. */
export function skipsAsFailures(result: FileResult): FileResult {
  const skipped = result.skips.map((title) => ({ title, error: 'It was skipped, and here it has to run.' }))
  return { ...result, failures: [...result.failures, ...skipped], skips: [] }
}

function isOnlyByItsParts(error: Error): boolean {
  return 'failureType' in error && error.failureType === 'subtestsFailed'
}

function describe(error: Error): string {
  if ('exitCode' in error && error.cause === 'test failed')
    return `Its process ended with code ${error.exitCode}.`
  const text = inspect(error.cause ?? error, { depth: 4 })
  return text
    .split('\n')
    .filter((line) => !/^\s+at .*\(?node:/.test(line))
    .join('\n')
}
