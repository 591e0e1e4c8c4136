import assert from 'node:assert/strict'
import { Socket } from 'node:net'
import { describe, it } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { Gate } from '../../src/api/gate.ts'

describe('The queue in front of TLS', () => {
  it('lets everybody in, in order, and a few at a time, so that others are served in between', async () => {
    const gate = new Gate(clockAt(() => 0))
    const order: number[] = []
    const perTurn: number[] = []
    for (let caller = 0; caller < 1_000; caller++) gate.enter(new Socket(), () => order.push(caller))
    assert.equal(order.length, 0, 'nobody is let in within the call')
    while (gate.waiting > 0) {
      const before = order.length
      await turn()
      perTurn.push(order.length - before)
    }
    assert.deepEqual(
      order,
      Array.from({ length: 1_000 }, (_, caller) => caller),
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
})

function clockAt(monotonic: () => number) {
  return { now: () => 0, monotonic, after: () => () => undefined }
}
