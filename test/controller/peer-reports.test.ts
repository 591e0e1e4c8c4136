import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { PeerReports } from '../../src/controller/presence/peer-reports.ts'
import type { NodeId } from '../../src/keys/identity.ts'
import type { PeerReport } from '../../src/protocol/frames.ts'
import { networkId, nodeId } from '../model/history.ts'

const network = networkId(1)
const others = Array.from({ length: 500 }, (_, at) => nodeId(at))

describe('What a member reports of its peers', () => {
  it('costs what is new in it, and not what was reported before', () => {
    const reports = new PeerReports()
    let asked = 0
    const isMember = () => ++asked > 0
    const known = reports.add(network, new Map(), others.map(reportOn), isMember)
    asked = 0
    const next = reports.add(network, known, [{ ...reportOn(nodeId(7)), rxBytes: 9 }], isMember)
    assert.equal(next, known, 'nothing is copied')
    assert.equal(asked, 0, 'nobody is looked up')
    assert.equal(next.get(nodeId(7))?.rxBytes, 9)
    assert.equal(next.size, 500)
  })

  it('says nothing of those who are no members any more, from the next report on', () => {
    const reports = new PeerReports()
    const members = new Set<NodeId>(others)
    const isMember = (node: NodeId) => members.has(node)
    const known = reports.add(network, new Map(), others.map(reportOn), isMember)
    members.delete(nodeId(3))
    reports.removed(network)
    const next = reports.add(network, known, [reportOn(nodeId(4))], isMember)
    assert.ok(!next.has(nodeId(3)))
    assert.equal(next.size, 499)
  })

  it('leaves alone what it was given by others', () => {
    const given = new Map([[nodeId(1), reportOn(nodeId(1))]])
    const next = new PeerReports().add(network, given, [reportOn(nodeId(2))], () => true)
    assert.deepEqual([given.size, next.size], [1, 2])
  })
})

function reportOn(node: NodeId): PeerReport {
  return { node, rxBytes: 1, txBytes: 2 }
}
