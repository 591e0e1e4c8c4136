import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { WebSocket, WebSocketServer } from 'ws'
import { systemClock } from '../../../src/clock.ts'
import { Bounds } from '../../../src/controller/push/bounds.ts'
import { Lag } from '../../../src/controller/push/lag.ts'
import { Session } from '../../../src/controller/push/session.ts'
import type { NetworkId } from '../../../src/model/names.ts'
import { emptyState } from '../../../src/model/state.ts'
import { newIdentity } from '../../disorder/crowd.ts'

/** More than the kernel takes for an agent that does not read. */
const STALLED = Buffer.alloc(20_000_000)
/** A socket that closes answers each ping at once: who asks once more in the answer never comes to an end. */
const MOST_PINGS = 100

test('a session whose socket closes while it is full takes nothing more, and holds nobody up', async (t) => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  t.after(() => server.close())
  await once(server, 'listening')
  const agent = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`)
  t.after(() => agent.terminate())
  const opened = once(agent, 'open')
  const [socket] = (await once(server, 'connection')) as [WebSocket]
  await opened
  t.after(() => socket.terminate())
  agent.pause()
  socket.send(STALLED)

  const { id, signing } = newIdentity()
  const session = new Session(id, socket, {
    clock: systemClock,
    bounds: new Bounds(systemClock),
    heartbeatSeconds: 10,
    readsPacked: true,
    readsFilterParts: true,
    log: pino({ level: 'silent' }),
    signing,
    state: () => emptyState,
    feed: () => undefined,
    lan: (_network, _node, told) => ({ told }),
    sent: () => undefined,
    onDrained: () => undefined,
    lag: new Lag(new Registry(), () => 0),
  })
  const network = 'net-aaaaaaaaaaaaaaaa' as NetworkId
  session.added(network, 0)
  session.close(4001, 'replaced')
  const ping = t.mock.method(socket, 'ping', (...args: Parameters<WebSocket['ping']>) => {
    assert.ok(ping.mock.callCount() < MOST_PINGS, 'it asks again and again')
    return WebSocket.prototype.ping.apply(socket, args)
  })
  const { bufferedAmount } = socket
  session.flush(network)
  session.send({ type: 'prove', network })
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(socket.bufferedAmount, bufferedAmount)
})
