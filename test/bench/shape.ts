import assert from 'node:assert/strict'
import type { Options, Result, Scenario } from './scenario.ts'

const NUMBERS = [
  'agents',
  'peers',
  'p50Ms',
  'p99Ms',
  'maxMs',
  'floorMs',
  'ratio',
  'bytesPerAgent',
  'encodings',
  'signatures',
  'rssMb',
] as const satisfies readonly (keyof Result)[]

/** Every field that a result can have. */
export const FIELDS: readonly string[] = ['scenario', ...NUMBERS, 'notes']

/** Runs a scenario as `npm run bench` does, small, and fails unless what it gives has the documented form. */
export async function runSmall(scenario: Scenario, agents: number, samples = 2): Promise<readonly Result[]> {
  const options: Options = { agents, samples, profile: undefined, say: () => undefined }
  const results = await scenario.run(options)
  assert.ok(results.length > 0)
  for (const result of results) {
    const { scenario: name, notes, ...rest } = JSON.parse(JSON.stringify(result))
    assert.equal(name, scenario.name)
    assert.ok(Array.isArray(notes) && notes.every((note) => typeof note === 'string'))
    const numbers: readonly string[] = NUMBERS
    for (const [field, value] of Object.entries(rest)) {
      assert.ok(numbers.includes(field), `${field} is no field of a result`)
      assert.ok(typeof value === 'number' && Number.isFinite(value) && value >= 0, `${field} is ${value}`)
    }
  }
  return results
}
