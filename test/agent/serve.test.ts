import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { pino } from 'pino'
import type { Node } from '../../src/agent/node.ts'
import { serve } from '../../src/agent/serve.ts'
import { FrameStream } from '../../src/agent/stream.ts'
import { PaperMesh } from '../bench/stage/mesh.ts'
import { Line } from '../disorder/line.ts'
import { eventually } from '../rig.ts'
import { identity, Stage } from './stage.ts'

/** A session on a line that the test holds the other end of. */
function session(stage: Stage, node: Node) {
  const line = new Line(() => undefined)
  const connection = {
    socket: line.agent,
    stream: new FrameStream(line.agent),
    wire: { bytesRead: 0 },
    heartbeatSeconds: 10,
    localAddress: undefined,
  }
  const { signal } = new AbortController()
  const done = serve(connection, node, { clock: stage.clock, log: pino({ level: 'silent' }), signal })
  return {
    controller: line.controller,
    line,
    async [Symbol.asyncDispose]() {
      line.cut()
      await done
    },
  }
}

describe('A session of a node that has an interface of which nothing is kept', () => {
  it('ends it by a heartbeat before which the controller could have named it', async () => {
    await using stage = await Stage.open()
    const mesh = new PaperMesh(identity, 2)
    const name = await stage.join(await stage.start(mesh), mesh)
    await stage.damage('')
    await using at = session(stage, await stage.start(mesh))
    stage.clock.advance(20_000)
    await stage.expectPeers(name, 2, 'nothing came')
    at.controller.ping()
    await eventually('it is gone', async () => (await stage.driver.list('')).length === 0)
  })

  it('takes what came in front of a heartbeat first', async () => {
    await using stage = await Stage.open()
    const mesh = new PaperMesh(identity, 2)
    const frames = [mesh.self(), mesh.news()]
    const name = await stage.join(await stage.start(mesh), mesh, frames)
    await stage.damage('')
    const node = await stage.start(mesh)
    await using at = session(stage, node)
    stage.clock.advance(20_000)
    at.line.stall()
    for (const frame of frames) at.controller.send(frame)
    at.controller.ping()
    at.line.flow()
    await eventually('it is a member', () => node.greeting().networks[0]?.digest !== undefined)
    await stage.expectPeers(name, 2, 'as it was')
    assert.equal(stage.driver.tries, 0)
  })
})
