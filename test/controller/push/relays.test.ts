import assert from 'node:assert/strict'
import { it } from 'node:test'
import { parseAddress } from '../../../src/address/cidr.ts'
import { toNodeReport } from '../../../src/controller/presence/facts.ts'
import { Relays } from '../../../src/controller/push/relays.ts'
import type { Session } from '../../../src/controller/push/session.ts'
import type { State } from '../../../src/model/state.ts'
import { openWitnessList, type WitnessList } from '../../../src/protocol/content.ts'
import type { Facts } from '../../../src/protocol/frames.ts'
import { nodeId } from '../../model/history.ts'
import { eventually } from '../../rig.ts'
import { NETWORK } from '../../topology/policy/play.ts'
import { FeedWorld } from './feed-world.ts'
import { MUCH, sessionIn, signing } from './session-in.ts'

/** Of some 200 bytes each: more than an agent is given that does not read. */
const LISTS = 6_000

it('a relay that does not read is not cut off, and is told once, when it does, whose witness it is to be', async () => {
  const world = new FeedWorld()
  world.come(1, 2)
  const own = nodeId(2)
  const { session, line }: ReturnType<typeof sessionIn> = sessionIn(world, own, () => relays.drained(session))
  const nodes = world.state.nodes.map((node) => ({ ...node, roles: ['relay'] }))
  const state = () => ({ ...world.state, nodes }) as State
  const relays = new Relays({ signing, state, presence: world.presence }, (one: Session) => one === session)
  const lists: string[] = []
  line.agent.on('message', (data: Buffer) => {
    if (String(data).startsWith('{"type":"witness"')) lists.push(String(data))
  })
  let isOpen = true
  line.controller.on('close', () => {
    isOpen = false
  })
  line.stall()
  session.send({ type: 'error', code: 'internal', message: MUCH })
  for (let list = 0; list < LISTS; list++) relays.instruct(session)
  await new Promise(setImmediate)
  assert.ok(isOpen)
  assert.equal(lists.length, 0)
  line.flow()
  await eventually('it is told', () => lists.length > 0)
  relays.instruct(session)
  await eventually('and so once more as before', () => lists.length > 1)
  assert.equal(lists.length, 2)
})

it('what changes while a relay does not read is told it as a change, and not the whole list again', async () => {
  const world = new FeedWorld()
  world.come(1, 2, 3)
  const { session, line }: ReturnType<typeof sessionIn> = sessionIn(world, nodeId(1), () =>
    relays.drained(session),
  )
  const nodes = world.state.nodes.map((node) => ({ ...node, roles: ['relay'] }))
  const state = () => ({ ...world.state, nodes }) as State
  const relays = new Relays({ signing, state, presence: world.presence }, (one: Session) => one === session)
  const lists: WitnessList[] = []
  line.agent.on('message', (data: Buffer) => {
    const frame = JSON.parse(String(data))
    if (frame.type === 'witness') lists.push(openWitnessList(frame, signing.publicKey))
  })
  const arrive = (number: number, address: string) => {
    const ports = [{ network: NETWORK, port: 51_820 }]
    const facts: Facts = { addresses: [address], mtu: 1_500, ports, device: 'memory', version: '0' }
    world.presence.arrived(nodeId(number), 0, toNodeReport(facts, parseAddress('203.0.113.9'), 0))
    relays.onFacts(nodeId(number))
  }
  arrive(2, '192.168.1.2/24')
  relays.instruct(session)
  line.stall()
  session.send({ type: 'error', code: 'internal', message: MUCH })
  arrive(3, '192.168.1.3/24')
  arrive(2, '203.0.113.2/24')
  arrive(2, '192.168.1.2/24')
  arrive(2, '203.0.113.2/24')
  line.flow()
  await eventually('it is told', () => lists.length > 1)
  arrive(2, '192.168.1.2/24')
  await eventually('and goes on', () => lists.length > 2)
  const [first, missed, next, ...more] = lists.map(({ whole, added, removed }) => ({
    whole,
    added: added.map(({ node }) => node),
    removed: removed.length,
  }))
  assert.deepEqual(first, { whole: true, added: [nodeId(2)], removed: 0 })
  assert.deepEqual(missed, { whole: false, added: [nodeId(3)], removed: 1 })
  assert.deepEqual(next, { whole: false, added: [nodeId(2)], removed: 0 })
  assert.deepEqual(more, [])
})
