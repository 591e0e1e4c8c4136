import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Replica } from '../../src/agent/replica.ts'
import { Reporter } from '../../src/agent/report.ts'
import { Identity } from '../../src/keys/identity.ts'
import { SecretBytes } from '../../src/keys/secret.ts'
import { toBase64Url } from '../../src/keys/text.ts'
import { signHead, signSelf } from '../../src/protocol/content.ts'
import { controllerKey, encoded, head, network, record, selfContent } from '../protocol/samples.ts'

const DECADE = 10 * 365 * 86_400_000
const EPOCH = 1_700_000_000_000

/** A member whose one peer has shaken hands at this second by the clock of the device. */
function desk() {
  const identity = new Identity(new SecretBytes(new Uint8Array(32).fill(9)))
  const replica = new Replica(network, identity, controllerKey.publicKey)
  const { publicKey: ownKey } = identity.memberKey(network, 1)
  const own = { ...record(200, 2), node: identity.id, publicKey: ownKey }
  replica.takeSelf({ type: 'self', ...signSelf({ ...selfContent(own), custody: 'node' }, controllerKey) })
  replica.takeSnapshot({
    type: 'snapshot',
    ...signHead(head(10, [1]), controllerKey),
    records: [toBase64Url(encoded(1))],
    hints: [],
  })
  const reporter = new Reporter(network, replica)
  const { publicKey } = record(1)
  return (latestHandshake: number, clocks: { readonly now: number; readonly monotonic: number }) => {
    const peer = { publicKey, endpoint: undefined, latestHandshake, rxBytes: clocks.monotonic, txBytes: 0 }
    const peers = new Map([[publicKey, { ...peer, allowedIps: [], keepalive: 0, hasPresharedKey: false }]])
    const [frame] = reporter.report({ peers, drift: [], describe: () => ({}) }, clocks)
    return frame?.peers[0]?.handshakeAge
  }
}

describe('The age of a handshake in a report', () => {
  it('grows with time, and is small after a new one', () => {
    const report = desk()
    const date = EPOCH / 1_000
    assert.equal(report(date - 30, { now: EPOCH, monotonic: 5_000 }), 30)
    assert.equal(report(date - 30, { now: EPOCH + 10_000, monotonic: 15_000 }), 40)
    assert.equal(report(date + 18, { now: EPOCH + 20_000, monotonic: 25_000 }), 2)
  })

  it('follows no clock that jumps, forth or back', () => {
    for (const jump of [DECADE, -DECADE]) {
      const report = desk()
      const date = EPOCH / 1_000
      assert.equal(report(date - 30, { now: EPOCH, monotonic: 5_000 }), 30)
      assert.equal(report(date - 30, { now: EPOCH + jump, monotonic: 6_000 }), 31)
      // The device dated it before the jump, the clock is read after it.
      const age = report(date + 1, { now: EPOCH + jump + 2_000, monotonic: 8_000 }) ?? -1
      assert.ok(age >= 0 && age <= 2, `${age} s`)
    }
  })
})
