import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { WeftError } from '../../src/errors.ts'
import { buildLab } from '../../src/lab/lab.ts'
import { flat } from '../../src/lab/topology.ts'
import { programRuns, run } from '../../src/wireguard/run.ts'
import { runId, skip } from './scene.ts'

const absent = 'nosuch0'

test('a program that fails is told by code, in the words of the program', { skip }, async () => {
  await assert.rejects(run('ip', ['link', 'show', 'dev', absent]), {
    code: 'not-found',
    message: /"nosuch0" does not exist/,
  })
  await assert.rejects(run('wg', ['show', absent, 'dump']), {
    code: 'not-found',
    message: /Unable to access interface/,
  })
  await assert.rejects(run('ip', ['no-such-object']), { code: 'program-failed', message: /no-such-object/ })
})

test('of several lines, the one at fault is named', { skip }, async () => {
  const input = `link show dev lo\nlink show dev ${absent}\nlink show dev lo\n`
  await assert.rejects(run('ip', ['-batch', '-'], { input }), { message: /, at "link show dev nosuch0"/ })
})

test('a program that does not end is killed', { skip }, async () => {
  const start = performance.now()
  await assert.rejects(run('ip', ['monitor'], { timeout: 200 }), {
    code: 'program-failed',
    message: 'The program ip failed: no end within 200 ms.',
  })
  assert.ok(performance.now() - start < 2_000)
})

test('a key that wg cannot read is not repeated', { skip }, async () => {
  const key = `${'A'.repeat(42)}B=`
  await assert.rejects(run('wg', ['set', absent, 'peer', key]), (error) => {
    assert.ok(error instanceof WeftError)
    assert.match(error.message, /\[key\]/)
    assert.ok(!`${error.message}${error.cause}`.includes(key))
    return true
  })
})

test('every run is counted', { skip }, async () => {
  const before = { ...programRuns }
  await run('ip', ['link', 'show', 'dev', 'lo'])
  await run('ip', ['link', 'show', 'dev', absent]).catch(() => undefined)
  assert.deepEqual(programRuns, { ...before, ip: before.ip + 2 })
})

test('a program gets no variable of ours and no folder of ours', { skip }, async () => {
  await using lab = await buildLab(flat(1), { id: runId, isolated: true })
  assert.equal((await lab.host('node-1').exec('env', [])).trim(), 'WG_ENDPOINT_RESOLUTION_RETRIES=0')
  assert.equal((await lab.host('node-1').exec('readlink', ['/proc/self/cwd'])).trim(), '/')
})

test('a program that is not installed is told with the package it comes in', { skip }, async () => {
  const script = `
    const { locate } = await import('${import.meta.resolve('../../src/wireguard/run.ts')}')
    try { locate('wireguard-go') } catch ({ code, advice }) { console.log(JSON.stringify({ code, advice })) }`
  // In a mount namespace of its own, each place where it may be is covered by a file that cannot be run.
  const hide = `
    for folder in /usr/bin /usr/sbin /usr/local/bin /usr/local/sbin; do
      [ ! -e $folder/wireguard-go ] || mount --bind /dev/null $folder/wireguard-go
    done
    exec "$@"`
  const command = ['--mount', 'sh', '-c', hide, 'sh', process.execPath, '--input-type=module', '-e', script]
  const { stdout } = await promisify(execFile)('unshare', command)
  assert.deepEqual(JSON.parse(stdout), {
    code: 'unsupported',
    advice: 'Install the package wireguard-go, on Debian by: apt install wireguard-go',
  })
})
