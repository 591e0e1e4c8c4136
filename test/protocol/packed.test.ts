import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { toWeftError } from '../../src/errors.ts'
import { openDelta, signDelta } from '../../src/protocol/content.ts'
import { type ControllerFrame, encodeFrame } from '../../src/protocol/frames.ts'
import { packFrame, readControllerFrame } from '../../src/protocol/packed.ts'
import { numbersFrom } from '../disorder/mutate.ts'
import { controllerKey, encoded, head, network, nodeId } from './samples.ts'

const signed = signDelta(
  { head: head(3, [1, 2]), from: 2, upserts: [encoded(2)], removals: [] },
  controllerKey,
)
const hints = [{ node: nodeId(2), direct: ['203.0.113.2:51820'] }]
const deltas: readonly ControllerFrame[] = [
  { type: 'delta', ...signed },
  { type: 'delta', ...signed, hints },
]

describe('A packed frame', () => {
  it('is read as it was, and is much shorter than the same as text', () => {
    for (const delta of deltas) {
      const packed = packFrame(delta)
      assert.ok(packed)
      assert.deepEqual(readControllerFrame(packed), delta)
      const saved = encodeFrame(delta).length - packed.length
      assert.ok(saved > 90, `${saved} bytes less`)
    }
  })

  it('is a delta: all others travel as text, which is read as well', () => {
    const other: ControllerFrame = { type: 'key-wanted', network, keyVersion: 1 }
    assert.equal(packFrame(other), undefined)
    for (const frame of [other, ...deltas])
      assert.deepEqual(readControllerFrame(Buffer.from(encodeFrame(frame))), frame)
  })

  it('of another kind, cut off, or with anything but an object behind it, is refused', () => {
    const packed = packFrame(deltas[0] ?? assert.fail()) ?? assert.fail()
    const wrong = [
      Buffer.alloc(0),
      Buffer.concat([Buffer.of(2), packed.subarray(1)]),
      ...[1, 40, 65, 66, packed.length - 1].map((length) => packed.subarray(0, length)),
      ...['null', '[', '7', '{"hints":{}}'].map((rest) => Buffer.concat([packed, Buffer.from(rest)])),
    ]
    for (const bytes of wrong) assert.throws(() => readControllerFrame(bytes), { code: 'protocol-error' })
  })

  it('says nothing about itself in the fields that follow it', () => {
    const packed = packFrame(deltas[0] ?? assert.fail()) ?? assert.fail()
    const claims = JSON.stringify({ type: 'farewell', body: 'AAAA', signature: 'A'.repeat(86) })
    const read = readControllerFrame(Buffer.concat([packed, Buffer.from(claims)]))
    assert.deepEqual(read, deltas[0])
  })

  it('with something wrong in it is refused, or was wrong in what nobody signed', () => {
    const number = numbersFrom(7)
    for (let time = 0; time < 4_000; time++) {
      const original = packFrame(deltas[number(2)] ?? assert.fail()) ?? assert.fail()
      const bytes = damage(original, number)
      try {
        const frame = readControllerFrame(bytes)
        assert.ok(frame.type === 'delta')
        openDelta(frame, controllerKey.publicKey)
        assert.deepEqual([frame.body, frame.signature], [signed.body, signed.signature])
      } catch (error) {
        const { code } = toWeftError(error)
        assert.ok(code === 'protocol-error' || code === 'digest-mismatch', `${code}: ${error}`)
      }
    }
  })
})

/** A bit, a byte, a piece or the end of it is another. */
function damage(bytes: Buffer, number: (below: number) => number): Buffer {
  const [at, copy] = [number(bytes.length), Buffer.from(bytes)]
  switch (number(4)) {
    case 0:
      copy[at] = (copy[at] ?? 0) ^ (1 << number(8))
      return copy
    case 1:
      copy[at] = number(256)
      return copy
    case 2:
      return copy.subarray(0, at)
    default:
      return Buffer.concat([copy.subarray(0, at), copy.subarray(at + 1 + number(9))])
  }
}
