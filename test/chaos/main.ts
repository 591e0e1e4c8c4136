// `npm run faults`: the series of faults in full length, one after the other, and what each came to.
//   npm run faults                 all of them
//   npm run faults -- powercut     those whose file has this in its name

import { spawnSync } from 'node:child_process'
import { seriesFiles } from './series.ts'

/** Hours would mean that something hangs. */
const LIMIT_MS = 3_600_000

function main(wanted: readonly string[]): number {
  const files = seriesFiles()
  const chosen = files.filter((file) => wanted.length === 0 || wanted.some((name) => file.includes(name)))
  if (chosen.length === 0) {
    process.stderr.write(`There is no such series. There are:\n${files.join('\n')}\n`)
    return 2
  }
  const failed = chosen.filter((file) => !run(file))
  process.stdout.write(failed.length === 0 ? 'all series passed\n' : `failed: ${failed.join(', ')}\n`)
  return failed.length === 0 ? 0 : 1
}

function run(file: string): boolean {
  process.stdout.write(`--- ${file}\n`)
  const env = { ...process.env, WEFT_FAULTS: 'many' }
  const args = ['--test', '--test-reporter=spec', file]
  return spawnSync(process.execPath, args, { env, stdio: 'inherit', timeout: LIMIT_MS }).status === 0
}

process.exit(main(process.argv.slice(2)))
