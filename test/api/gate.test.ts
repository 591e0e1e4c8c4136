import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type Server, Socket } from 'node:net'
import { describe, it } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Gate } from '../../src/api/gate.ts'
import { type Clock, systemClock } from '../../src/clock.ts'

/** Callers that may be at their handshakes at the same time. */
const PLACES = 256

describe('The queue in front of TLS', () => {
  it('lets everybody in, in order, and a few at a time, so that others are served in between', async () => {
    const gate = new Gate(clockAt(() => 0))
    const order: number[] = []
    const perTurn: number[] = []
    for (let caller = 0; caller < PLACES; caller++) gate.enter(callerOf('', 0), () => order.push(caller))
    assert.equal(order.length, 0, 'nobody is let in within the call')
    while (gate.waiting > 0) {
      const before = order.length
      await turn()
      perTurn.push(order.length - before)
    }
    assert.deepEqual(
      order,
      Array.from({ length: PLACES }, (_, caller) => caller),
    )
    assert.ok(Math.max(...perTurn) <= 8, `${Math.max(...perTurn)} in one turn`)
  })

  it('turns away who waited so long that nobody is there any more, before any work is done', async () => {
    let now = 0
    const gate = new Gate(clockAt(() => now))
    const sockets = Array.from({ length: 20 }, () => new Socket())
    let admitted = 0
    for (const socket of sockets) gate.enter(socket, () => admitted++)
    now = 60_000
    gate.enter(new Socket(), () => admitted++)
    while (gate.waiting > 0) await turn()
    assert.equal(admitted, 1)
    assert.equal(gate.refused, 20)
    assert.ok(sockets.every(({ destroyed }) => destroyed))
  })

  it('passes over who has gone, and lets go of all that wait when it is closed', async () => {
    const gate = new Gate(clockAt(() => 0))
    const [gone, there] = [new Socket(), new Socket()]
    const admitted: Socket[] = []
    for (const socket of [gone, there]) gate.enter(socket, () => admitted.push(socket))
    gone.destroy()
    await turn()
    await turn()
    assert.deepEqual(admitted, [there])
    const late = new Socket()
    gate.enter(late, () => admitted.push(late))
    gate.close()
    await turn()
    await turn()
    assert.equal(late.destroyed, true)
    assert.equal(admitted.length, 1)
  })

  it('takes all callers from the kernel while they come, and lets only some in meanwhile', async () => {
    let now = 0
    const gate = new Gate(clockAt(() => now))
    let admitted = 0
    const come = async () => {
      gate.enter(new Socket(), () => admitted++)
      now += 1
      await turn()
    }
    for (let caller = 0; caller < 200; caller++) await come()
    assert.ok(admitted >= 20 && admitted <= 60, `${admitted} of 200 callers, in 200 ms`)
    while (gate.waiting > 0) await turn()
    assert.equal(admitted, 200)
  })

  it('has no more callers at their handshakes than can be answered in one turn', async () => {
    const gate = new Gate(clockAt(() => 0))
    const admitted: Socket[] = []
    const callers = Array.from({ length: 2 * PLACES }, (_, at) => callerOf('192.0.2.1', at))
    for (const socket of callers) gate.enter(socket, () => admitted.push(socket))
    await turns(PLACES)
    assert.deepEqual([admitted.length, gate.waiting], [PLACES, PLACES])
    // One has shown who it is, and one has hung up.
    const [known, gone] = callers
    if (known) gate.known(known)
    gone?.destroy()
    await turns(PLACES)
    assert.deepEqual([admitted.length, gate.waiting], [PLACES + 2, PLACES - 2])
  })

  it('gives the places of those that do nothing to others, and not of those that are at work', async () => {
    const clock = new Timers()
    const gate = new Gate(clock)
    let admitted = 0
    const callers = Array.from({ length: 2 * PLACES }, (_, at) => callerOf('192.0.2.1', at))
    for (const socket of callers) gate.enter(socket, () => admitted++)
    await turns(PLACES)
    const works = callers.slice(0, 100)
    for (let look = 0; look < 2; look++) {
      for (const socket of works) Object.assign(socket, { bytesRead: socket.bytesRead + 100 })
      clock.ring()
      await turns(PLACES)
    }
    assert.equal(admitted, 2 * PLACES - 100)
  })

  it('lets callers of each address in in turn, so that many of one hold up only each other', async () => {
    const gate = new Gate(clockAt(() => 0))
    const order: string[] = []
    for (let port = 0; port < 100; port++) gate.enter(callerOf('192.0.2.1', port), () => order.push('many'))
    for (const last of [2, 3]) gate.enter(callerOf(`192.0.2.${last}`, 1), () => order.push('one'))
    await turns(40)
    assert.deepEqual(order.slice(0, 4), ['many', 'one', 'one', 'many'])
    assert.equal(order.length, 102)
  })

  it('serves more callers than it can within their patience, and hardly anybody who has given up', async () => {
    const [count, workMs, patience] = [400, 4, 500]
    let begun = 0
    const server = await listen(new Gate(systemClock, patience * 0.6), (socket) => {
      begun += 1
      work(workMs)
      socket.resume().end('served')
    })
    try {
      const { port } = Object(server.address())
      // They wait for 500 ms, and all of them together need 1.6 s of work: some queues would serve only the dead.
      const program = fileURLToPath(new URL('callers.ts', import.meta.url))
      const callers = fork(program, [port, count, patience].map(String))
      const [code] = await once(callers, 'exit')
      assert.equal(code, 0)
      assert.ok(begun < 1.5 * count, `${begun} were served for ${count}`)
    } finally {
      server.close()
    }
  })
})

function callerOf(remoteAddress: string, remotePort: number): Socket {
  const socket = new Socket()
  const fixed = { remoteAddress: remoteAddress || undefined, remotePort, bytesRead: 0 }
  for (const [name, value] of Object.entries(fixed))
    Object.defineProperty(socket, name, { value, writable: true })
  return socket
}

async function turns(count: number): Promise<void> {
  for (let at = 0; at < count; at++) await turn()
}

function clockAt(monotonic: () => number): Clock {
  return { now: () => 0, monotonic, after: () => () => undefined }
}

/** Time stands still, and timers come when the test says so. */
class Timers implements Clock {
  #due: (() => void)[] = []

  now(): number {
    return 0
  }

  monotonic(): number {
    return 0
  }

  after(_delay: number, action: () => void): () => void {
    this.#due.push(action)
    return () => undefined
  }

  ring(): void {
    for (const action of this.#due.splice(0)) action()
  }
}

async function listen(gate: Gate, serve: (socket: Socket) => void): Promise<Server> {
  const server = createServer({ pauseOnConnect: true })
  server.on('connection', (socket) => gate.enter(socket, () => serve(socket)))
  server.listen({ host: '127.0.0.1', port: 0, backlog: 4_096 })
  await once(server, 'listening')
  return server
}

function work(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end; );
}
