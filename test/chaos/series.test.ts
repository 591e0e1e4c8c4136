import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { it } from 'node:test'
import { fileURLToPath } from 'node:url'
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

it('`npm run faults` names what was skipped and why, counts it aside, and is no success where nothing else ran', () => {
  const head = `import { test } from 'node:test'\n`
  const passing = `${head}test('a', () => console.log('FAULTS a: ' + process.env.WEFT_FAULTS))\n`
  const skipping = `${head}test('b', { skip: 'no root here' }, () => {})\n`
  const both = runSeries({ a: passing, b: skipping })
  assert.deepEqual(both.lines.slice(-2), [
    'SKIPPED test/chaos/b.slow.test.ts: b (no root here)',
    '1 passed, 0 failed, 1 skipped',
  ])
  assert.ok(both.lines.includes('FAULTS a: many'))
  assert.equal(both.code, 0)
  const skipped = runSeries({ b: skipping })
  assert.equal(skipped.lines.at(-1), '0 passed, 0 failed, 1 skipped')
  assert.ok(!skipped.lines.some((line) => /\bok\b/.test(line)))
  assert.equal(skipped.code, 1)
  const failed = runSeries({ a: passing, c: `${head}test('c', () => { throw new Error('why') })\n` })
  assert.equal(failed.lines.at(-1), '1 passed, 1 failed')
  assert.equal(failed.code, 1)
})

/** Runs these series, and no others. */
function runSeries(series: Readonly<Record<string, string>>): { lines: string[]; code: number | null } {
  const folder = mkdtempSync(join(tmpdir(), 'weft-series-'))
  try {
    mkdirSync(join(folder, 'test/chaos'), { recursive: true })
    for (const [name, text] of Object.entries(series))
      writeFileSync(join(folder, `test/chaos/${name}.slow.test.ts`), text)
    // Node's runner refuses to run inside itself; it knows by this variable.
    const { NODE_TEST_CONTEXT: _, ...env } = process.env
    const main = fileURLToPath(new URL('main.ts', import.meta.url))
    const run = spawnSync(process.execPath, [main], { cwd: folder, env, encoding: 'utf8', timeout: 60_000 })
    return { lines: run.stdout.trimEnd().split('\n'), code: run.status }
  } finally {
    rmSync(folder, { recursive: true })
  }
}
