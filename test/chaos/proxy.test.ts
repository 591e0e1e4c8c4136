import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { eventually } from '../rig.ts'
import { FaultProxy } from './proxy.ts'

describe('the fault proxy', () => {
  let proxy: FaultProxy
  let caller: Socket
  let received = ''
  let heard = ''
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.on('data', (bytes) => {
      heard += bytes
      socket.write(bytes)
    })
  })

  beforeEach(async () => {
    received = ''
    heard = ''
    if (!server.listening) await once(server.listen(0, '127.0.0.1'), 'listening')
    proxy = await FaultProxy.to((server.address() as AddressInfo).port)
    caller = connect(proxy.port, '127.0.0.1')
    caller.on('error', () => undefined)
    caller.on('data', (bytes) => {
      received += bytes
    })
    await once(caller, 'connect')
  })
  afterEach(async () => {
    caller.destroy()
    await proxy[Symbol.asyncDispose]()
    server.close()
  })

  const arrives = (text: string) => eventually(`${text} comes back`, () => received === text)

  it('passes everything on, both ways', async () => {
    caller.write('hello')
    await arrives('hello')
    assert.equal(proxy.passed, 10)
  })

  it('drops one way only, keeps the connection, and heals', async () => {
    proxy.replies = { kind: 'drop' }
    caller.write('lost')
    await eventually('the server has heard', () => heard === 'lost')
    proxy.heal()
    caller.write('found')
    await arrives('found')
  })

  it('delays', async () => {
    proxy.requests = { kind: 'delay', milliseconds: 150 }
    const start = performance.now()
    caller.write('late')
    await arrives('late')
    assert.ok(performance.now() - start >= 140)
  })

  it('slows down to so many bytes a second', async () => {
    proxy.replies = { kind: 'slow', bytesPerSecond: 2_000 }
    const start = performance.now()
    caller.write('x'.repeat(600))
    await arrives('x'.repeat(600))
    assert.ok(performance.now() - start >= 250)
  })

  it('turns a bit now and then', async () => {
    proxy.requests = { kind: 'corrupt', every: 4 }
    caller.write('aaaaaaaaa')
    await arrives('aaa`aaa`a')
  })

  it('kills at the reply: the server has done what it never tells of', async () => {
    proxy.replies = { kind: 'kill' }
    const closed = new Promise((resolve) => caller.once('close', resolve))
    caller.write('done')
    await closed
    assert.deepEqual([heard, received], ['done', ''])
  })
})
