// `npm run bench [-- SCENARIO… --agents N --samples N --json --out FILE --profile FOLDER]`: see README.md.

import { mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { parseArgs } from 'node:util'
import { toOne, toTable } from './report.ts'
import type { Options, Result, Scenario } from './scenario.ts'
import { SCENARIOS } from './scenarios.ts'

const OUT = '.weft/bench.json'

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      agents: { type: 'string' },
      samples: { type: 'string' },
      json: { type: 'boolean', default: false },
      out: { type: 'string', default: OUT },
      profile: { type: 'string' },
    },
  })
  const chosen = choose(positionals)
  if (values.profile !== undefined) await mkdir(values.profile, { recursive: true })
  const options: Options = {
    agents: toCount(values.agents),
    samples: toCount(values.samples),
    profile: values.profile,
    say: (line) => void process.stderr.write(`${line}\n`),
  }
  const results: Result[] = []
  let failed = 0
  for (const scenario of chosen) {
    try {
      const found = await runOne(scenario, options)
      results.push(...found)
      if (values.json) process.stdout.write(`${JSON.stringify(toOne(found))}\n`)
    } catch (error) {
      failed += 1
      options.say(`${scenario.name} failed: ${error instanceof Error ? error.stack : error}`)
    }
  }
  if (!values.json) process.stdout.write(toTable(results, chosen))
  await mkdir(dirname(values.out), { recursive: true })
  await writeFile(values.out, `${JSON.stringify(results, null, 2)}\n`)
  return failed > 0 ? 1 : 0
}

function choose(names: readonly string[]): readonly Scenario[] {
  if (names.length === 0) return SCENARIOS
  return names.map((name) => {
    const found = SCENARIOS.find((scenario) => scenario.name === name)
    if (found) return found
    throw new Error(
      `There is no scenario "${name}". There are: ${SCENARIOS.map((one) => one.name).join(', ')}.`,
    )
  })
}

async function runOne(scenario: Scenario, options: Options): Promise<readonly Result[]> {
  if (!scenario.needsRoot || process.getuid?.() === 0) return scenario.run(options)
  return [{ scenario: scenario.name, notes: ['left out: it needs root, for network namespaces'] }]
}

function toCount(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const number = Number(text)
  if (Number.isSafeInteger(number) && number > 0) return number
  throw new Error(`"${text}" is no number of agents or samples.`)
}

try {
  process.exit(await main())
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`)
  process.exit(2)
}
