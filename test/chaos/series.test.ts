import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { it } from 'node:test'
import { seriesFiles } from './series.ts'

it('`npm run faults` runs every test that has a longer form of itself, and the patterns of all the others find some', () => {
  const files = seriesFiles()
  const long = globSync('test/**/*.test.ts').filter((file) =>
    /import .*\bruns\b.* from '.*\/runs\.ts'/.test(readFileSync(file, 'utf8')),
  )
  assert.ok(long.length > 10)
  assert.deepEqual(
    long.filter((file) => !files.includes(file)),
    [],
  )
  for (const name of ['damage', 'crash', 'verify', 'space.lab', 'halfopen', 'restart.timed', 'api/fuzz'])
    assert.ok(
      files.some((file) => file.includes(name)),
      name,
    )
})
