import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { after, before, describe, it } from 'node:test'
import { TLSSocket } from 'node:tls'
import { WebSocket } from 'ws'
import { Place } from './fixture.ts'

const PROTOCOL = 'weft.agent.v1'

describe('the websocket of agents', () => {
  let place: Place
  before(async () => {
    place = await Place.open()
  })
  after(() => place[Symbol.asyncDispose]())

  const open = (path = '/agent/v1', protocol: string[] | string = PROTOCOL, at = place) => {
    const socket = new WebSocket(`wss://127.0.0.1:${at.port}${path}`, protocol, { rejectUnauthorized: false })
    socket.on('error', () => undefined)
    return socket
  }
  const refusal = async (socket: WebSocket) => {
    const [, response]: [unknown, IncomingMessage] = await once(socket, 'unexpected-response').then(
      ([request, answer]) => [request, answer],
    )
    socket.terminate()
    return [response.statusCode, response.headers['content-type']]
  }

  it('is handed to the controller with the binding of its TLS channel', async (context) => {
    const accept = context.mock.method(place.controller, 'acceptAgent', () => undefined)
    const socket = open()
    const [response]: IncomingMessage[] = await once(socket, 'upgrade')
    assert.ok(response?.socket instanceof TLSSocket)
    const binding = response.socket.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0))
    if (socket.readyState !== socket.OPEN) await once(socket, 'open')
    assert.equal(socket.protocol, PROTOCOL)
    assert.equal(socket.extensions, '')
    const [, channel] = accept.mock.calls[0]?.arguments ?? []
    const { wire, ...rest } = channel ?? {}
    assert.deepEqual(rest, { binding: new Uint8Array(binding), remoteAddress: '127.0.0.1' })
    assert.ok(wire instanceof TLSSocket)
    socket.terminate()
  })

  it('has an empty binding without TLS', async (context) => {
    await using plain = await Place.open({ insecurePlainWebsocket: true })
    const accept = context.mock.method(plain.controller, 'acceptAgent', () => undefined)
    const socket = new WebSocket(`ws://127.0.0.1:${plain.port}/agent/v1`, PROTOCOL)
    await once(socket, 'open')
    assert.deepEqual(accept.mock.calls[0]?.arguments[1]?.binding, new Uint8Array())
    socket.terminate()
  })

  it('is refused at another address or with another protocol', async () => {
    const problem = 'application/problem+json'
    assert.deepEqual(await refusal(open('/agent/v2')), [404, problem])
    assert.deepEqual(await refusal(open('/v1/networks')), [404, problem])
    assert.deepEqual(await refusal(open('/agent/v1', 'weft.agent.v9')), [400, problem])
    assert.deepEqual(await refusal(open('/agent/v1', [])), [400, problem])
  })

  it('is closed when a frame is too large', async () => {
    const socket = open()
    await once(socket, 'open')
    socket.send('x'.repeat(70_000))
    const [code] = await once(socket, 'close')
    assert.equal(code, 1009)
  })

  it('outlives the close of the server: when it ends is for the controller to say', async () => {
    await using ending = await Place.open()
    const socket = open('/agent/v1', PROTOCOL, ending)
    await once(socket, 'open')
    await ending.server.close()
    socket.ping()
    await once(socket, 'pong')
    socket.terminate()
  })
})
