import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'

const HEAD = `import { test } from 'node:test'\n`
const PASSING = `${HEAD}test('a passes', () => {})\ntest('b passes', () => {})\n`
const FAILING = `${HEAD}test('c fails', () => { throw new Error('the reason of c') })\n`
const SKIPPING = `${HEAD}test('d is skipped', { skip: 'no root here' }, () => {})\n`

test('a run in which all passes ends with the counts and code 0', () => {
  const { lines, code } = runFixtures({ a: PASSING })
  assert.equal(lines.at(-1), '2 passed, 0 failed')
  assert.equal(code, 0)
})

test('a failing test is named with its file and error at the end, and makes the code 1', () => {
  const { lines, code } = runFixtures({ a: PASSING, c: FAILING })
  assert.equal(lines.at(-1), '2 passed, 1 failed')
  assert.equal(code, 1)
  const end = lines.slice(lines.findIndex((line) => line.startsWith('=== '))).join('\n')
  assert.match(end, /c\.test\.ts: c fails/)
  assert.match(end, /the reason of c/)
  assert.match(lines.at(-2) ?? '', /^FAILED .*c\.test\.ts: c fails$/)
})

test('a skipped test is counted aside with its reason, and fails in CI', () => {
  const here = runFixtures({ a: PASSING, d: SKIPPING })
  assert.equal(here.lines.at(-1), '2 passed, 0 failed, 1 skipped')
  assert.equal(here.code, 0)
  assert.match(here.lines.join('\n'), /SKIPPED: d is skipped \(no root here\)/)
  const inCi = runFixtures({ a: PASSING, d: SKIPPING }, 'true')
  assert.equal(inCi.lines.at(-1), '2 passed, 1 failed')
  assert.equal(inCi.code, 1)
})

test('what a test tells of is shown, and not what Node counts', () => {
  const { lines } = runFixtures({
    g: `${HEAD}test('g', (t) => t.diagnostic('settled 4.2 s later'))\n`,
  })
  const told = lines.filter((line) => line.startsWith('       '))
  assert.deepEqual(told, ['       settled 4.2 s later'])
})

test('a file that crashes, or holds no test, counts as failed', () => {
  const { lines, code } = runFixtures({
    a: PASSING,
    e: `throw new Error('boom')`,
    f: '',
  })
  assert.equal(lines.at(-1), '2 passed, 2 failed')
  assert.equal(code, 1)
  assert.match(lines.join('\n'), /boom/)
  assert.match(lines.join('\n'), /There is no test in it/)
})

test('a run without any test fails', () => {
  const { lines, code } = runFixtures({})
  assert.equal(lines.at(-1), '0 passed, 0 failed')
  assert.equal(code, 1)
})

function runFixtures(fixtures: Record<string, string>, ci = ''): { lines: string[]; code: number | null } {
  const folder = mkdtempSync(join(tmpdir(), 'weft-runner-'))
  try {
    const files = Object.entries(fixtures).map(([name, text]) => {
      const file = join(folder, `${name}.test.ts`)
      writeFileSync(file, text)
      return file
    })
    // A name that fits no phase stands for "no file", for without names everything would run.
    const named = files.length > 0 ? files : [join(folder, 'none')]
    // Node's runner refuses to run inside itself; it knows by this variable.
    const { NODE_TEST_CONTEXT: _, ...env } = process.env
    const run = spawnSync(process.execPath, ['test/run.ts', ...named], {
      env: { ...env, CI: ci },
      encoding: 'utf8',
      timeout: 60_000,
    })
    return { lines: run.stdout.trimEnd().split('\n'), code: run.status }
  } finally {
    rmSync(folder, { recursive: true })
  }
}
