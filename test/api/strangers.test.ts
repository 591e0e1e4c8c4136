import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import type { Socket } from 'node:net'
import { describe, it } from 'node:test'
import { connect } from 'node:tls'
import { Strangers } from '../../src/api/strangers.ts'
import { eventually } from '../rig.ts'
import { Place } from './fixture.ts'

/** What Strangers looks at of a socket. */
function socketOf(remoteAddress: string | undefined, remotePort = 1): Socket {
  return Object.assign(new EventEmitter(), { remoteAddress, remotePort }) as Socket
}

describe('Strangers', () => {
  it('lets so many sockets of one address in, and more when some are closed', () => {
    const strangers = new Strangers({ total: 10, perAddress: 2 })
    const first = socketOf('192.0.2.1', 1)
    assert.ok(strangers.enter(first))
    assert.ok(strangers.enter(socketOf('192.0.2.1', 2)))
    assert.equal(strangers.enter(socketOf('192.0.2.1', 3)), false)
    assert.ok(strangers.enter(socketOf('192.0.2.2', 3)))
    first.emit('close')
    assert.ok(strangers.enter(socketOf('192.0.2.1', 3)))
  })

  it('lets so many sockets in together', () => {
    const strangers = new Strangers({ total: 2, perAddress: 2 })
    assert.ok(strangers.enter(socketOf('192.0.2.1')))
    assert.ok(strangers.enter(socketOf('192.0.2.2')))
    assert.equal(strangers.enter(socketOf('192.0.2.3')), false)
  })

  it('does not count who is known, and forgets nobody twice', () => {
    const strangers = new Strangers({ total: 10, perAddress: 1 })
    const plain = socketOf('192.0.2.1', 1)
    assert.ok(strangers.enter(plain))
    strangers.known(socketOf('192.0.2.1', 1))
    const next = socketOf('192.0.2.1', 2)
    assert.ok(strangers.enter(next))
    plain.emit('close')
    assert.equal(strangers.enter(socketOf('192.0.2.1', 3)), false)
  })

  it('leaves Unix sockets alone', () => {
    const strangers = new Strangers({ total: 1, perAddress: 1 })
    for (let at = 0; at < 5; at++) assert.ok(strangers.enter(socketOf(undefined)))
  })
})

describe('a server', () => {
  it('ends with it all who have shown nothing, also those that have only just finished their TLS', async () => {
    const place = await Place.open()
    const sockets = Array.from({ length: 5 }, () =>
      connect({ host: '127.0.0.1', port: place.port, rejectUnauthorized: false })
        .on('error', () => undefined)
        .resume(),
    )
    await Promise.all(sockets.map((socket) => once(socket, 'secureConnect')))
    await place[Symbol.asyncDispose]()
    await eventually('all have ended', () => sockets.every(({ closed }) => closed), 20_000)
  })

  it('turns sockets away before TLS when too many have shown nothing, and does not count those with a token', async () => {
    await using place = await Place.open({}, { total: 10, perAddress: 2 })
    // They read, so that they end with the server.
    const open = () => connect({ host: '127.0.0.1', port: place.port, rejectUnauthorized: false }).resume()
    const known = open()
    known.write(`GET /v1/nodes HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${place.token}\r\n\r\n`)
    await once(known, 'data')
    const strangers = [open(), open()]
    for (const stranger of strangers) await once(stranger, 'secureConnect')
    await assert.rejects(once(open(), 'secureConnect'), { code: 'ECONNRESET' })
    strangers[0]?.destroy()
    known.write('GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n')
    await once(known, 'data')
    await once(open(), 'secureConnect')
  })
})
