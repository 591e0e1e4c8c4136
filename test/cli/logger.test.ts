import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { after, describe, it } from 'node:test'
import { faultText } from '../../src/cli/logger.ts'
import { toWeftError, WeftError } from '../../src/errors.ts'

describe('What the log of a program tells of a fault', () => {
  it('is why it happened, and not what the error carries', () => {
    const reply = Object.assign(new Error('WRONGPASS invalid pair'), {
      name: 'ReplyError',
      command: { name: 'auth', args: ['weft', 'topSecret'] },
    })
    const told = faultText(new WeftError('store-unavailable', 'It does not answer.', { cause: reply }))
    assert.deepEqual(told, {
      name: 'WeftError',
      code: 'store-unavailable',
      message: 'It does not answer.',
      cause: { name: 'ReplyError', message: 'WRONGPASS invalid pair' },
    })
  })

  it('has no argument of a command that Redis repeats', () => {
    const text = "ERR unknown command 'login', with args beginning with: 'weft' 'topSecret' "
    const fault = Object.assign(new Error(text), { name: 'ReplyError' })
    assert.deepEqual(faultText(fault), { name: 'ReplyError', message: "ERR unknown command 'login'" })
  })

  it('has the place in the code for what nobody foresaw', () => {
    const told = JSON.stringify(faultText(toWeftError(new TypeError('x is not a function'))))
    assert.match(told, /"internal".*"x is not a function".*logger\.test\.ts/)
  })

  it('is nothing for objects that are no errors, and ends with causes of causes', () => {
    assert.equal(faultText({ secret: 'topSecret' }), undefined)
    assert.equal(faultText('text'), 'text')
    const endless = new Error('again')
    endless.cause = endless
    assert.ok(JSON.stringify(faultText(endless)).length < 10_000)
  })
})

const LOGGER = new URL('../../src/cli/logger.ts', import.meta.url)

/** Runs a program that begins with `log`; it is ended if it does not end by itself. */
function run(script: string, stderr: number | 'pipe') {
  const start = `const { openLogger } = await import('${LOGGER}'); const log = openLogger('info');`
  return spawnSync(process.execPath, ['--input-type=module', '--eval', `${start}${script}`], {
    stdio: ['ignore', 'pipe', stderr],
    timeout: 20_000,
    killSignal: 'SIGKILL',
    maxBuffer: 10_000_000,
  })
}

describe('A program whose log is on a disk that is full', () => {
  const full = openSync('/dev/full', 'w')
  after(() => closeSync(full))

  it('goes on', () => {
    const script = `
      for (let line = 0; line < 100; line++) log.info('x'.repeat(100_000))
      setTimeout(() => process.stdout.write(process.memoryUsage().heapUsed < 50_000_000 ? 'alive' : 'full'), 50)
    `
    assert.equal(run(script, full).stdout.toString(), 'alive')
  })

  it('ends when it cannot go on for another reason', () => {
    const { status, stdout } = run("log.fatal('stopping'); process.stdout.write('ended')", full)
    assert.deepEqual([status, stdout.toString()], [0, 'ended'])
  })

  it('writes again once there is space, also where lines had to be left out, and says so', () => {
    const script = `
      import fs from 'node:fs'
      const { writeSync } = fs
      fs.writeSync = () => { throw Object.assign(new Error('no space'), { code: 'ENOSPC' }) }
      for (let line = 0; line < 3_000; line++) log.info({ line }, 'x'.repeat(100 + line % 900))
      fs.writeSync = writeSync
      for (let line = 3_000; line < 3_010; line++) log.info({ line }, 'x'.repeat(1_000))
    `
    const { stderr } = run(script, 'pipe')
    const said = String(stderr)
      .trim()
      .split('\n')
      .map((text) => JSON.parse(text) as { line?: number; leftOut?: number })
    const lines = said.flatMap(({ line }) => line ?? [])
    assert.deepEqual(
      lines,
      lines.toSorted((a, b) => a - b),
    )
    assert.ok(lines[0] === 0 && lines.length > 1_500)
    assert.equal(lines.at(-1), 3_009)
    assert.equal(said.find(({ leftOut }) => leftOut)?.leftOut, 3_010 - lines.length)
  })
})
