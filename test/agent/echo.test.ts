import assert from 'node:assert/strict'
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { parseAddress, parseCidr } from '../../src/address/cidr.ts'
import { mayAsk, startEcho } from '../../src/agent/echo.ts'
import { HandClock } from './clock.ts'

const here = parseAddress('::1')

describe('The echo of a relay', () => {
  const clock = new HandClock()
  let stop: AbortController
  let asker: Socket
  let heard: string[]
  beforeEach(async () => {
    stop = new AbortController()
    heard = []
    asker = createSocket('udp6').bind(0, '::1')
    asker.on('message', (message) => heard.push(message.toString()))
    await once(asker, 'listening')
  })
  afterEach(() => {
    stop.abort()
    asker.close()
  })

  const start = (limit?: number) =>
    startEcho(here, 0, { clock, signal: stop.signal, ...(limit && { limit }) })
  /** Sends, then waits until the last of them, which is always answered, has come back. */
  async function ask(port: number, ...texts: string[]): Promise<void> {
    for (const text of texts) asker.send(text, port, '::1')
    while (heard.at(-1) !== texts.at(-1)) await once(asker, 'message', { signal: AbortSignal.timeout(2_000) })
  }

  it('answers up to 64 bytes with the same, and more with nothing', async () => {
    const port = await start()
    await ask(port, 'a', 'b'.repeat(65), 'c'.repeat(64))
    assert.deepEqual(heard, ['a', 'c'.repeat(64)])
  })

  it('answers so many in a second and no more', async () => {
    const port = await start(2)
    clock.advance(1_000)
    await ask(port, '1', '2')
    asker.send('3', port, '::1')
    await wait(50)
    assert.deepEqual(heard, ['1', '2'])
    clock.advance(1_000)
    await ask(port, '4')
    assert.deepEqual(heard, ['1', '2', '4'])
  })

  it('answers only nodes of its own transit prefix, and never another echo', () => {
    const own = { range: parseCidr('fd12:0:0:7::/64'), port: 51_819 }
    assert.equal(mayAsk({ address: 'fd12:0:0:7::9', port: 40_000 }, own), true)
    assert.equal(mayAsk({ address: 'fd12:0:0:7::9', port: 51_819 }, own), false)
    for (const address of ['fd12:0:0:8::9', '2001:db8::1', 'fe80::1%eth0', '::ffff:192.0.2.1'])
      assert.equal(mayAsk({ address, port: 40_000 }, own), false, address)
  })

  it('says which port is taken', async () => {
    const port = await start()
    await assert.rejects(startEcho(here, port, { clock, signal: stop.signal }), { code: 'port-taken' })
  })

  it('says so when the address is not there yet', async () => {
    const elsewhere = parseAddress('2001:db8::1')
    await assert.rejects(startEcho(elsewhere, 0, { clock, signal: stop.signal }), { code: 'unsupported' })
  })

  it('ends with its signal', async () => {
    const port = await start()
    stop.abort()
    stop = new AbortController()
    assert.equal(await startEcho(here, port, { clock, signal: stop.signal }), port)
  })
})
