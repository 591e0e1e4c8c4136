import assert from 'node:assert/strict'
import { it } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { leavingPoint } from '../../../src/controller/push/member-frames.ts'
import { openRemoval } from '../../../src/protocol/content.ts'
import { parseControllerFrame } from '../../../src/protocol/frames.ts'
import { nodeId } from '../../model/history.ts'
import { eventually } from '../../rig.ts'
import { NETWORK } from '../../topology/policy/play.ts'
import { FeedWorld } from './feed-world.ts'
import { MUCH, sessionIn, signing } from './session-in.ts'

it('a removal holds for what was on its way when the agent said where it stands, and for nothing since', () =>
  leaveWhileStalled({ asks: true }))

it('a removal that could not be told at once is told as of then', () => leaveWhileStalled({ asks: false }))

it('who claims a network that it has left, and is still to be told so, is asked for a proof until then', async () => {
  const world = new FeedWorld()
  world.come(1, 2)
  const { session, line } = sessionIn(world, nodeId(2))
  session.resume([])
  const { revision } = session.cursor(NETWORK) ?? assert.fail()
  const heard: string[] = []
  line.agent.on('message', (data: Buffer) => heard.push(parseControllerFrame(String(data)).type))
  world.wish({ kind: 'go', number: 2 })
  session.resync(NETWORK, { network: NETWORK, epoch: world.state.epoch, revision })
  await eventually('it is asked', () => heard.includes('prove'))
  assert.deepEqual(heard, ['self', 'snapshot', 'prove'])
})

async function leaveWhileStalled({ asks }: { readonly asks: boolean }): Promise<void> {
  const world = new FeedWorld()
  world.come(1, 2)
  const { session, line } = sessionIn(world, nodeId(2))
  const removals: number[] = []
  line.agent.on('message', (data: Buffer) => {
    const text = String(data)
    // What fills the socket is no frame that an agent would take.
    const frame = text.includes(MUCH) ? undefined : parseControllerFrame(text)
    if (frame?.type === 'removed') removals.push(openRemoval(frame, signing.publicKey).revision)
  })
  session.resume([])
  const { revision } = session.cursor(NETWORK) ?? assert.fail()
  const position = { network: NETWORK, epoch: world.state.epoch, revision }
  world.come(3)
  session.flush(NETWORK)
  const latest = session.cursor(NETWORK)?.revision ?? assert.fail()
  assert.ok(latest > revision)
  line.stall()
  session.send({ type: 'error', code: 'internal', message: MUCH })
  world.wish({ kind: 'go', number: 2 })
  const left = leavingPoint(world.state, NETWORK)
  session.removed(NETWORK, left)
  // What becomes of the network before it reads on is nothing for it.
  world.come(4)
  if (asks) session.resync(NETWORK, position)
  line.flow()
  await turn()
  session.drained()
  assert.ok(left.revision > latest)
  assert.deepEqual(removals, [left.revision])
}
