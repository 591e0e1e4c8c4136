// `npm run faults`: the series of faults in full length, one after the other, and what each came to; the last line is
// `N passed, N failed`, and how many were skipped.
//   npm run faults                 all of them
//   npm run faults -- powercut     those whose file has this in its name

import { resolve } from 'node:path'
import { type FileResult, runTestFile } from '../runner/file.ts'
import { reportFailures, reportFile, totalLine, totals } from '../runner/report.ts'
import { seriesFiles } from './series.ts'

/** Hours would mean that something hangs. */
const LIMIT_MS = 3_600_000

async function main(wanted: readonly string[]): Promise<number> {
  const files = seriesFiles()
  const chosen = files.filter((file) => wanted.length === 0 || wanted.some((name) => file.includes(name)))
  if (chosen.length === 0) {
    process.stderr.write(`There is no such series. There are:\n${files.join('\n')}\n`)
    return 2
  }
  process.env.WEFT_FAULTS = 'many'
  const results: FileResult[] = []
  for (const file of chosen) results.push(await run(file))
  reportFailures([], results)
  for (const { file, skips } of results)
    for (const skip of skips) process.stdout.write(`SKIPPED ${file}: ${skip}\n`)
  const total = totals([], results)
  process.stdout.write(`${totalLine(total)}\n`)
  return total.failed > 0 || total.passed === 0 ? 1 : 0
}

async function run(file: string): Promise<FileResult> {
  process.stdout.write(`--- ${file}\n`)
  const result = { ...(await runTestFile(resolve(file), LIMIT_MS)), file }
  reportFile(result)
  for (const line of result.output.split('\n'))
    if (line.startsWith('FAULTS ')) process.stdout.write(`${line}\n`)
  return result
}

process.exit(await main(process.argv.slice(2)))
