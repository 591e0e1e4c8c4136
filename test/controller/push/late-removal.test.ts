import assert from 'node:assert/strict'
import { it } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { Bounds } from '../../../src/controller/push/bounds.ts'
import { Lag } from '../../../src/controller/push/lag.ts'
import { leavingPoint } from '../../../src/controller/push/member-frames.ts'
import { Session } from '../../../src/controller/push/session.ts'
import type { NodeId } from '../../../src/keys/identity.ts'
import { SecretBytes } from '../../../src/keys/secret.ts'
import { SigningKey } from '../../../src/keys/signature.ts'
import { openRemoval } from '../../../src/protocol/content.ts'
import { parseControllerFrame } from '../../../src/protocol/frames.ts'
import { Line } from '../../disorder/line.ts'
import { nodeId } from '../../model/history.ts'
import { eventually } from '../../rig.ts'
import { NETWORK } from '../../topology/policy/play.ts'
import { FeedWorld } from './feed-world.ts'

const signing = new SigningKey(new SecretBytes(new Uint8Array(32).fill(3)))
/** More than a session puts into a socket that nobody reads. */
const MUCH = 'x'.repeat(1_100_000)

it('a removal holds for what was on its way when the agent said where it stands, and for nothing since', () =>
  leaveWhileStalled({ asks: true }))

it('a removal that could not be told at once is told as of then', () => leaveWhileStalled({ asks: false }))

it('who claims a network that it has left, and is still to be told so, is asked for a proof until then', async () => {
  const world = new FeedWorld()
  world.come(1, 2)
  const { session, line } = sessionOf(world, nodeId(2))
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
  const { session, line } = sessionOf(world, nodeId(2))
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

/** A session that is not told by itself when something changes. */
function sessionOf(world: FeedWorld, own: NodeId) {
  const line = new Line()
  const session = new Session(own, line.controller, {
    clock: world.clock,
    signing,
    bounds: new Bounds(world.clock),
    heartbeatSeconds: 10,
    readsPacked: false,
    readsFilterParts: true,
    log: pino({ level: 'silent' }),
    state: () => world.state,
    feed: (network, node) => world.feeds.get(network, node),
    lan: (network, node, told) => world.feeds.lan(network, node, told, true),
    sent: () => undefined,
    onDrained: () => undefined,
    lag: new Lag(new Registry(), () => world.clock.monotonic()),
  })
  return { session, line }
}
