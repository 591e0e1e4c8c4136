import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { scratch } from '../log/fixture.ts'
import { writeExportOf } from '../log/whole.ts'
import { MAIN } from './fixture.ts'

/** More than a pipe holds (64 KiB), so that its writer learns that nobody reads. */
const ENTRIES = 1_000

describe('what a command prints', () => {
  let dir: Awaited<ReturnType<typeof scratch>>
  before(async () => {
    dir = await scratch()
    await writeExportOf(dir.log, ENTRIES, join(dir.path, 'log.jsonl'))
  })
  after(() => dir?.[Symbol.asyncDispose]())

  it('is a failure that is named when it cannot be written, in every command, also a quick one', async () => {
    for (const command of ['log verify --data-dir "$DIR"', 'log export --data-dir "$DIR"', '--help']) {
      const { code, stderr } = await shell(`weft ${command} > /dev/full`)
      assert.equal(code, 1, command)
      assert.match(stderr, /^error: The output cannot be written: there is no space left \(ENOSPC\)\.\n/)
    }
  })

  it('is none when its reader has enough, as head has, unless it is of use as a whole only', async () => {
    const enough = await shell('weft --help | head -1; exit $PIPESTATUS')
    assert.deepEqual([enough.code, enough.stderr], [0, ''])
    const cut = await shell('weft log export --data-dir "$DIR" | head -1; exit $PIPESTATUS')
    assert.equal(cut.code, 1)
    assert.match(cut.stderr, /^error: The output cannot be written: who was to read it left/)
  })

  it('is there to the last byte when it is a file, and behind what was there before', async () => {
    const { code, stderr } = await shell(
      'cd "$DIR"; echo before > out; weft log export --data-dir . >> out && tail -n +2 out | cmp - log.jsonl',
    )
    assert.deepEqual([code, stderr], [0, ''])
  })

  it('is a failure too when only the end of its last line has no room', async () => {
    const { code, stderr } = await shell(`
      cd "$DIR"; size=$(stat -c %s log.jsonl); blocks=$((size / 1024 + 1))
      head -c $((blocks * 1024 + 10 - size)) /dev/zero > short
      (ulimit -f $blocks; weft log export --data-dir . >> short)`)
    assert.equal(code, 1)
    assert.match(stderr, /^error: The output cannot be written: it would be larger than files may be/)
  })

  it('leaves nothing of a new file for which there is no room, and gives its name', async () => {
    const { code, stderr } = await shell(`
      cd "$DIR"; (ulimit -f $(($(stat -c %s log.jsonl) / 1024)); weft log export --data-dir . --output new)
      code=$?; [ ! -e new ] && exit $code`)
    assert.equal(code, 1)
    assert.match(stderr, /^error: The file new cannot be written: it would be larger than files may be there/)
  })

  function shell(script: string): Promise<{ readonly code: unknown; readonly stderr: string }> {
    const functions = 'weft() { "$NODE" "$MAIN" "$@"; }'
    const env = { ...process.env, NODE: process.execPath, MAIN, DIR: dir.path }
    return new Promise((resolve) => {
      execFile('/bin/bash', ['-c', `${functions}; ${script}`], { env }, (error, _stdout, stderr) =>
        resolve({ code: error ? error.code : 0, stderr }),
      )
    })
  }
})
