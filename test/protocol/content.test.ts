import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { toBase64Url } from '../../src/keys/text.ts'
import {
  openDelta,
  openHead,
  openRemoval,
  openSelf,
  type Signed,
  signDelta,
  signHead,
  signRemoval,
  signSelf,
} from '../../src/protocol/content.ts'
import { encodeFrame } from '../../src/protocol/frames.ts'
import { controllerKey, encoded, head, network, nodeId, otherKey, record, selfContent } from './samples.ts'

const pinned = controllerKey.publicKey

describe('Signed content', () => {
  it('opens to what was signed', () => {
    const delta = { head: head(9, [1, 2]), from: 7, upserts: [encoded(2)], removals: [nodeId(3)] }
    assert.deepEqual(openHead(signHead(delta.head, controllerKey), pinned), delta.head)
    assert.deepEqual(openDelta(signDelta(delta, controllerKey), pinned), delta)
    assert.deepEqual(
      openSelf(signSelf(selfContent(record(1)), controllerKey), pinned),
      selfContent(record(1)),
    )
    const removal = { network, node: nodeId(4), epoch: 3, revision: 2 ** 40 }
    assert.deepEqual(openRemoval(signRemoval(removal, controllerKey), pinned), removal)
  })

  it('is refused when another key signed it', () => {
    const forged = signHead(head(9, [1]), otherKey)
    assert.throws(() => openHead(forged, pinned), { code: 'digest-mismatch' })
  })

  it('is refused with any single bit flipped, in the body or in the signature', () => {
    const signed = signDelta(
      { head: head(9, [1]), from: 8, upserts: [encoded(1)], removals: [] },
      controllerKey,
    )
    const bits = fc.record({ part: fc.constantFrom('body', 'signature' as const), bit: fc.nat() })
    fc.assert(
      fc.property(bits, ({ part, bit }) => {
        assert.throws(() => openDelta(flip(signed, part, bit), pinned), { code: 'digest-mismatch' })
      }),
      { numRuns: 300 },
    )
  })

  it('of one kind never passes for another kind', () => {
    const signed = signHead(head(9, [1]), controllerKey)
    assert.throws(() => openDelta(signed, pinned), { code: 'digest-mismatch' })
    assert.throws(() => openSelf(signed, pinned), { code: 'digest-mismatch' })
    assert.throws(() => openRemoval(signed, pinned), { code: 'digest-mismatch' })
  })

  it('tells one join to others in at most 400 bytes, frame and endpoint hint included', () => {
    const delta = { head: head(100_001, [1], 1_000), from: 100_000, upserts: [encoded(1)], removals: [] }
    const hints = [{ node: nodeId(1), direct: ['203.0.113.255:51820'], families: [4 as const] }]
    const frame = encodeFrame({ type: 'delta', ...signDelta(delta, controllerKey), hints })
    assert.ok(frame.length <= 400, `${frame.length} bytes`)
  })
})

function flip(signed: Signed, part: 'body' | 'signature', bit: number): Signed {
  const bytes = Buffer.from(signed[part], 'base64url')
  const at = bit % (bytes.length * 8)
  bytes.writeUInt8(bytes.readUInt8(at >> 3) ^ (1 << (at & 7)), at >> 3)
  return { ...signed, [part]: toBase64Url(bytes) }
}
