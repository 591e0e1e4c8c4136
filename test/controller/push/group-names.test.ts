import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { GroupNames } from '../../../src/controller/push/group-names.ts'
import type { NodeId } from '../../../src/keys/identity.ts'
import { SecretBytes } from '../../../src/keys/secret.ts'
import { SigningKey } from '../../../src/keys/signature.ts'
import { NO_GROUP } from '../../../src/protocol/group.ts'
import { decodeRecord } from '../../../src/protocol/record.ts'
import { networkId, nodeId } from '../../model/history.ts'
import { labelled, permitted } from '../../topology/policy/play.ts'
import { FeedWorld } from './feed-world.ts'

const WEB = 'role=web'
const [ONE, OTHER] = [1, 2].map((fill) => new SecretBytes(new Uint8Array(32).fill(fill)))

describe('The name of a group', () => {
  it('is the same at all who have the key of the authority, and another where that is another', () => {
    const [a, replica, stranger] = [ONE, ONE, OTHER].map((seed = assert.fail()) =>
      new GroupNames(new SigningKey(seed)).of(networkId(1), WEB),
    )
    assert.equal(a, replica)
    assert.notEqual(a, stranger)
  })

  it('differs by network and by what its members may open, and there is none for what all may', () => {
    const names = new GroupNames(new SigningKey(ONE ?? assert.fail()))
    const all = [names.of(networkId(1), WEB), names.of(networkId(2), WEB), names.of(networkId(1), 'role=db')]
    assert.equal(new Set(all).size, 3)
    assert.equal(names.of(networkId(1), ''), NO_GROUP)
  })

  it('stands in the records of those that a rule lets open more than all others, and in no other', () => {
    const world = new FeedWorld()
    world.come(1, 2, 3)
    world.wish(labelled(1, { role: 'web' }), labelled(2, { role: 'db' }))
    const limits = { protocols: ['tcp' as const] }
    world.wish(permitted({ from: WEB, to: 'role=db', ...limits }, { from: '*', to: WEB, ...limits }))
    assert.deepEqual(
      [1, 2, 3].map((number) => groupIn(world, nodeId(number)) === NO_GROUP),
      [false, true, true],
    )
  })
})

/** As it is told to the first. */
function groupIn(world: FeedWorld, node: NodeId) {
  const reader = world.newReader()
  reader.read(world.feed(nodeId(1)))
  const records = reader.picture.records.map((hex) => decodeRecord(Buffer.from(hex, 'hex')))
  return records.find((record) => record.node === node)?.group
}
