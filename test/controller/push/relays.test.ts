import assert from 'node:assert/strict'
import { it } from 'node:test'
import { Relays } from '../../../src/controller/push/relays.ts'
import type { Session } from '../../../src/controller/push/session.ts'
import type { State } from '../../../src/model/state.ts'
import { nodeId } from '../../model/history.ts'
import { eventually } from '../../rig.ts'
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
