import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect as connectPlain } from 'node:net'
import { text } from 'node:stream/consumers'
import { after, before, describe, it } from 'node:test'
import { connect, type TLSSocket } from 'node:tls'
import { Place } from './fixture.ts'

describe('slow callers', { concurrency: true }, () => {
  let place: Place
  before(async () => {
    place = await Place.open()
  })
  after(() => place[Symbol.asyncDispose]())

  const open = async (): Promise<TLSSocket> => {
    const socket = connect({ host: '127.0.0.1', port: place.port, rejectUnauthorized: false })
    await once(socket, 'secureConnect')
    return socket
  }
  const elapsed = async (work: Promise<unknown>) => {
    const start = performance.now()
    await work
    return performance.now() - start
  }

  it('have 5 s to finish TLS', async () => {
    const socket = connectPlain(place.port, '127.0.0.1')
    socket.resume()
    const took = await elapsed(once(socket, 'close'))
    assert.ok(took > 4_000 && took < 8_000, `${took} ms`)
  })

  it('have 10 s for the head of a request, and are told so', async () => {
    const socket = await open()
    socket.write('GET /healthz HTTP/1.1\r\nhost: x\r\n')
    const drip = setInterval(() => socket.write('x: y\r\n'), 500)
    const answer = text(socket)
    const took = await elapsed(answer)
    clearInterval(drip)
    assert.match(await answer, /^HTTP\/1.1 408 /)
    assert.ok(took > 8_000 && took < 14_000, `${took} ms`)
  })

  it('have 30 s for a whole request', async () => {
    const socket = await open()
    const head = ['POST /v1/networks HTTP/1.1', 'host: x', `authorization: Bearer ${place.token}`]
    socket.write([...head, 'content-type: application/json', 'content-length: 1000', '', '{'].join('\r\n'))
    const drip = setInterval(() => socket.write(' '), 500)
    const answer = text(socket)
    const took = await elapsed(answer)
    clearInterval(drip)
    assert.match(await answer, /^HTTP\/1.1 408 /)
    assert.ok(took > 25_000 && took < 40_000, `${took} ms`)
  })
})
