import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { FIELDS } from './shape.ts'

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url))

describe('npm run bench', () => {
  let folder: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'weft-bench-'))
  })
  after(() => rm(folder, { recursive: true }))

  it('prints one object for a scenario with --json, and writes all results to --out', async () => {
    const out = join(folder, 'deep', 'found.json')
    const options = ['--agents', '60', '--samples', '1', '--json', '--out', out]
    const { code, stdout } = await bench('groups', 'engine', ...options)
    assert.equal(code, 0)
    const objects = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    assert.deepEqual(
      objects.map(({ scenario }) => scenario),
      ['groups', 'engine'],
    )
    for (const object of objects) {
      assert.deepEqual(
        Object.keys(object).filter((field) => !FIELDS.includes(field)),
        [],
      )
      assert.ok(object.ratio > 0 && object.floorMs > 0)
    }
    const written = JSON.parse(await readFile(out, 'utf8'))
    assert.equal(written.length, 7)
    const others = objects.flatMap(({ notes }) => notes).filter((note) => note.startsWith('also measured: {'))
    assert.equal(others.length, written.length - objects.length)
  })

  it('prints a table with the goal and the notes of each scenario without it', async () => {
    const out = join(folder, 'table.json')
    const { code, stdout } = await bench('groups', '--agents', '60', '--samples', '1', '--out', out)
    assert.equal(code, 0)
    const [head = '', ...lines] = stdout.split('\n')
    assert.match(head, /^scenario +peers +p50 ms +p99 ms +max ms +floor ms +ratio$/)
    assert.equal(lines.filter((line) => /^groups +60( +[\d.]+){5}$/.test(line)).length, 3)
    assert.ok(lines.some((line) => line.startsWith('  goal: ')))
    assert.ok(lines.some((line) => line.startsWith('  60: ')))
  })

  it('says in a sentence which scenario it does not know, and what is no number of agents', async () => {
    for (const [args, sentence] of [
      [['nonsense'], /^There is no scenario "nonsense"\. There are: join, form, storm, [a-z, ]+\.\n$/],
      [['groups', '--agents', '0'], /^"0" is no number of agents or samples\.\n$/],
      [['groups', '--agents', 'many'], /^"many" is no number of agents or samples\.\n$/],
    ] as const) {
      const { code, stdout, stderr } = await bench(...args)
      assert.equal(code, 2)
      assert.match(stderr, sentence)
      assert.equal(stdout, '')
    }
  })
})

function bench(...args: readonly string[]) {
  return new Promise<{ code: unknown; stdout: string; stderr: string }>((resolve) => {
    execFile(process.execPath, [MAIN, ...args], (error, stdout, stderr) =>
      resolve({ code: error?.code ?? 0, stdout, stderr }),
    )
  })
}
