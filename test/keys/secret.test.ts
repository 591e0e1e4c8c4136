import assert from 'node:assert/strict'
import { Writable } from 'node:stream'
import { describe, it } from 'node:test'
import { format, inspect } from 'node:util'
import pino from 'pino'
import { systemRandom } from '../../src/keys/random.ts'
import { SecretBytes } from '../../src/keys/secret.ts'
import { PrivateKey } from '../../src/keys/wireguard.ts'

const bytes = systemRandom(32)
/** How the bytes could show: in each of these forms, and as numbers. */
const forms = [
  Buffer.from(bytes).toString('base64').slice(0, 40),
  Buffer.from(bytes).toString('base64url').slice(0, 40),
  Buffer.from(bytes).toString('hex').slice(0, 60),
  [...bytes.subarray(4, 12)].join(','),
  [...bytes.subarray(4, 12)].join(', '),
  inspect(bytes.subarray(4, 12)).replace(/^.*\[\s*|\s*\]$/g, ''),
]

function shows(text: string): boolean {
  return forms.some((form) => text.replaceAll(/\s+/g, ' ').includes(form.replaceAll(/\s+/g, ' ')))
}

describe('SecretBytes', () => {
  const secrets = [new SecretBytes(bytes), new PrivateKey(bytes)]

  it('prints as [redacted] wherever it is put into text', () => {
    for (const secret of secrets) {
      for (const text of [
        String(secret),
        `${secret}`,
        ['', secret].join(),
        inspect(secret),
        format('%s %o %O', secret, secret, secret),
      ]) {
        assert.match(text, /\[redacted\]/)
        assert.ok(!shows(text), text)
      }
    }
  })

  it('does not show inside of other things, however hard one looks', () => {
    const holder = {
      peer: { secrets, map: new Map([['key', secrets]]), error: new Error('x', { cause: secrets }) },
    }
    for (const options of [
      { depth: null },
      { depth: null, showHidden: true },
      { depth: null, customInspect: false },
    ]) {
      assert.ok(!shows(inspect(holder, options)))
    }
    assert.deepEqual(Object.keys(secrets[0] ?? {}), [])
    assert.deepEqual({ ...secrets[0] }, {})
  })

  it('cannot be turned into JSON', () => {
    for (const secret of secrets) {
      assert.throws(() => JSON.stringify(secret), TypeError)
      assert.throws(() => JSON.stringify({ deep: [{ secret }] }), TypeError)
      assert.throws(() => format('%j', { secret }), TypeError)
    }
  })

  it('does not show in a line of the log', () => {
    let written = ''
    const sink = new Writable({
      write(chunk, _, done) {
        written += chunk
        done()
      },
    })
    const log = pino(sink)
    for (const secret of secrets) {
      log.info(secret, 'as the object')
      log.info({ secret, deep: { secrets } }, 'as a field')
      log.info('in the message: %s %o', secret, secret)
      log.error(new Error(`failed with ${secret}`, { cause: secret }))
      log.child({ name: 'child' }).info({ list: [secret] })
    }
    assert.ok(written.split('\n').length > 10)
    assert.ok(!shows(written), written)
  })

  it('keeps bytes of its own, leaves zeros, and cannot be used after forget', () => {
    const given = Uint8Array.from([1, 2, 3])
    const secret = new SecretBytes(given)
    given.fill(9)
    const held = secret.expose()
    assert.deepEqual([...held], [1, 2, 3])
    secret.forget()
    assert.deepEqual([...held], [0, 0, 0])
    assert.throws(() => secret.expose(), /forgotten/)
  })

  it('would be seen by this test if it did show', () => {
    assert.ok(shows(inspect({ bytes }, { depth: null })))
    assert.ok(shows(JSON.stringify([...bytes])))
    assert.ok(shows(Buffer.from(bytes).toString('base64')))
  })
})
