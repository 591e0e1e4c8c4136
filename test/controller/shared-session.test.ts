import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { parseSession, sessionText } from '../../src/controller/presence/shared-session.ts'
import { networkId, nodeId } from '../model/history.ts'

const standing = {
  applied: { network: networkId(1), epoch: 1, revision: 4, digest: 'A'.repeat(22) },
  took: 3,
  peers: new Map([[nodeId(2), { node: nodeId(2), rxBytes: 1, txBytes: 2, handshakeAge: 4 }]]),
  lastHandshakeAt: 5,
  drift: ['wg-1'],
}
const report = {
  addresses: ['192.168.1.2/24'],
  mtu: 1_500,
  ports: new Map([[networkId(1), 51_820]]),
  relays: [],
  device: 'memory' as const,
  version: '1',
  seenFrom: undefined,
}
const presence = { online: true, lastSeenAt: 9, report, standings: new Map([[networkId(1), standing]]) }

describe('A session at another replica', () => {
  it('is read as it was told', () => {
    const told = parseSession(sessionText(7, presence, () => true))
    assert.deepEqual([told?.order, told?.at], [7, 9])
    assert.deepEqual(told?.standings, presence.standings)
    assert.deepEqual(told?.report.ports, report.ports)
  })

  it('is without what is no answer to the latest that the agent was told', () => {
    const told = parseSession(sessionText(7, presence, () => false))
    const { applied: _, ...rest } = standing
    assert.deepEqual(told?.standings.get(networkId(1)), rest)
  })

  it('is unknown where it is told in another form, and nothing throws', () => {
    const good = JSON.parse(sessionText(7, presence, () => true))
    const paths = ['order', 'at', 'report', 'standings']
    fc.assert(
      fc.property(fc.constantFrom(...paths), fc.jsonValue({ maxDepth: 4 }), (field, value) => {
        const text = JSON.stringify({ ...good, [field]: value })
        const told = parseSession(text)
        if (typeof value !== typeof good[field]) assert.equal(told, undefined)
      }),
      { numRuns: 300 },
    )
    for (const peers of [{}, 5, [[1]], [['a', {}]], null])
      assert.equal(
        parseSession(JSON.stringify({ ...good, standings: [[networkId(1), { peers, drift: [] }]] })),
        undefined,
      )
  })
})
