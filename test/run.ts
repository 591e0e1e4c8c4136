// `npm test` and `npm run check`: every step of the gate, then the tests; the last line is `N passed, N failed`.
//   node test/run.ts                  everything
//   node test/run.ts --fast           the gate and the tests that need neither root nor minutes
//   node test/run.ts FILE…            these test files only

import { globSync } from 'node:fs'
import { resolve } from 'node:path'
import { inPool } from '../src/lab/pool.ts'
import { type FileResult, runTestFile, skipsAsFailures } from './runner/file.ts'
import { reportFailures, reportFile, reportPhase, reportStep, totalLine, totals } from './runner/report.ts'
import { runStep, type StepResult, steps } from './runner/steps.ts'

/** What needs root must run there. */
const IN_CI = process.env.CI === 'true'

/** Which files, how many at a time, how many seconds each may take, and in which order they begin. */
const PHASES = [
  // More than there are cores: some wait for limits to pass.
  { name: 'fast', ending: '.test.ts', atOnce: 3, seconds: 180, order: asNamed },
  // Real tunnels in namespaces: most of their time they wait for packets and timers.
  { name: 'lab', ending: '.lab.test.ts', atOnce: 4, seconds: 300, order: longestFirst },
  // One at a time: they measure losses and times, or take both cores.
  { name: 'timed', ending: '.timed.test.ts', atOnce: 1, seconds: 300, order: asNamed },
  // Browsers, the bench and long series work, those of Redis wait most of their time.
  { name: 'slow', ending: '.slow.test.ts', atOnce: 4, seconds: 300, order: fromBothEnds },
] as const

async function main(args: readonly string[]): Promise<number> {
  const named = args.filter((arg) => !arg.startsWith('--')).map((file) => resolve(file))
  const checked = named.length > 0 ? [] : await inPool(steps, 2, checkStep)
  const phases = args.includes('--fast') ? PHASES.slice(0, 1) : PHASES
  const tested: FileResult[] = []
  for (const phase of phases) tested.push(...(await runPhase(phase, named.length > 0 ? named : allFiles())))
  const total = totals(checked, tested)
  reportFailures(checked, tested)
  process.stdout.write(`${totalLine(total)}\n`)
  return total.failed > 0 || total.passed === 0 ? 1 : 0
}

async function checkStep(step: (typeof steps)[number]): Promise<StepResult> {
  const result = await runStep(step)
  reportStep(result)
  return result
}

function allFiles(): string[] {
  return globSync('test/**/*.test.ts')
    .sort()
    .map((file) => resolve(file))
}

function asNamed(files: readonly string[]): readonly string[] {
  return files
}

/** They mostly wait, for close to a minute or for minutes: nobody is to wait for them at the end. */
const LONG =
  /\/test\/(paths\/|wireguard\/relay|lab\/(nat|underlay)|redis\/(circle|contract|failover|partition))/

function longestFirst(files: readonly string[]): readonly string[] {
  return files.toSorted((a, b) => Number(LONG.test(b)) - Number(LONG.test(a)))
}

/** One of the first, which work, then a long one or one of the last, which wait, in turns. */
function fromBothEnds(files: readonly string[]): readonly string[] {
  const fromTheEnd = longestFirst(files.toReversed())
  const half = Math.floor(files.length / 2)
  const waiting = fromTheEnd.slice(0, half)
  const working = fromTheEnd.slice(half).toReversed()
  return working.flatMap((file, at) => [file, ...waiting.slice(at, at + 1)])
}

async function runPhase(phase: (typeof PHASES)[number], files: readonly string[]): Promise<FileResult[]> {
  const mine = phase.order(files.filter((file) => phaseOf(file) === phase))
  const start = performance.now()
  const results = await inPool(mine, phase.atOnce, async (file) => {
    const ran = await runTestFile(file, phase.seconds * 1000)
    const result = IN_CI ? skipsAsFailures(ran) : ran
    reportFile(result)
    return result
  })
  if (mine.length > 1) reportPhase(phase.name, performance.now() - start)
  return results
}

/** The phase with the longest ending that fits: `x.lab.test.ts` ends in `.test.ts`, too. */
function phaseOf(file: string): (typeof PHASES)[number] | undefined {
  return PHASES.findLast((phase) => file.endsWith(phase.ending))
}

// Said outright, for a test that left a process or socket behind must not keep the run from ending.
process.exit(await main(process.argv.slice(2)))
