import assert from 'node:assert/strict'
import { it } from 'node:test'
import { Presence } from '../../../src/controller/presence/presence.ts'
import { Aftermath } from '../../../src/controller/push/aftermath.ts'
import { Relays } from '../../../src/controller/push/relays.ts'
import { Roster } from '../../../src/controller/push/roster.ts'
import { nodeId } from '../../model/history.ts'
import { NETWORK } from '../../topology/policy/play.ts'
import { BARE_REPORT } from '../presence/report.ts'
import { entryOf, FeedWorld } from './feed-world.ts'
import { signing } from './session-in.ts'

it('of a network that was deleted nothing is kept that agents said of it', () => {
  const world = new FeedWorld()
  world.come(1, 2)
  const notes = new Map<string, string>()
  const presence = new Presence({
    put: (kind, key, text) => void notes.set(`${kind} ${key}`, text),
    delete: (kind, key) => void notes.delete(`${kind} ${key}`),
    all: () => [],
  })
  const [relay, member] = [nodeId(1), nodeId(2)]
  const { clock, feeds } = world
  const relays = new Relays({ signing, state: () => world.state, presence }, () => true)
  const roster = new Roster()
  const aftermath = new Aftermath({ clock, presence, feeds, roster, relays, tell: () => undefined })
  presence.arrived(member, 0, BARE_REPORT)
  presence.reported(member, NETWORK, [{ node: relay, rxBytes: 1, txBytes: 2 }], {}, () => true)
  presence.testimony.take(relay, { network: NETWORK, node: member }, '203.0.113.9:51820')

  const before = world.state
  const deleted = { type: 'network-deleted', id: NETWORK } as const
  world.enter(deleted)
  aftermath.onEntry(entryOf([deleted]), before, world.state)
  assert.equal(presence.get(member)?.standings.size, 0)
  assert.equal(presence.testimony.of(NETWORK, member).size, 0)
  assert.deepEqual([...notes.keys()], [`report ${member}`])
})
