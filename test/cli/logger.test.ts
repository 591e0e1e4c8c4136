import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { describe, it } from 'node:test'
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

it('A program whose log is on a disk that is full goes on', () => {
  const logger = new URL('../../src/cli/logger.ts', import.meta.url)
  const script = `
    const { openLogger } = await import('${logger}')
    const log = openLogger('info')
    for (let line = 0; line < 100; line++) log.info('x'.repeat(100_000))
    setTimeout(() => process.stdout.write(process.memoryUsage().heapUsed < 50_000_000 ? 'alive' : 'full'), 50)
  `
  const full = openSync('/dev/full', 'w')
  try {
    const run = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
      stdio: ['ignore', 'pipe', full],
      timeout: 20_000,
    })
    assert.equal(run.stdout.toString(), 'alive')
  } finally {
    closeSync(full)
  }
})
