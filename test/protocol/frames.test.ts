import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { encodeFrame, parseAgentFrame, parseControllerFrame } from '../../src/protocol/frames.ts'
import { network } from './samples.ts'

const applied = {
  type: 'applied' as const,
  network,
  epoch: 1,
  revision: 2,
  digest: 'A'.repeat(22),
  took: 1.5,
}

describe('Frames', () => {
  it('are read as they were written', () => {
    assert.deepEqual(parseAgentFrame(encodeFrame(applied)), applied)
  })

  it('of an unknown type are refused', () => {
    assert.throws(() => parseAgentFrame('{"type":"run","command":"reboot"}'), { code: 'protocol-error' })
    assert.throws(() => parseAgentFrame('{"type":"constructor"}'), { code: 'protocol-error' })
    assert.throws(() => parseAgentFrame('{"type":"__proto__"}'), { code: 'protocol-error' })
  })

  it('of the other side are refused', () => {
    assert.throws(() => parseControllerFrame(encodeFrame(applied)), { code: 'protocol-error' })
  })

  it('may carry fields of a later version', () => {
    assert.equal(parseAgentFrame(JSON.stringify({ ...applied, later: true })).type, 'applied')
  })

  it('with a field of the wrong form are refused with the name of the field', () => {
    assert.throws(() => parseAgentFrame(JSON.stringify({ ...applied, revision: -1 })), /revision/)
    assert.throws(() => parseAgentFrame(JSON.stringify({ ...applied, network: '; reboot' })), /network/)
  })

  it('that are any text at all give a frame or a protocol error, never anything else', () => {
    const text = fc.oneof(fc.string(), fc.json(), fc.constantFrom('null', '[]', '""', '{"type":["applied"]}'))
    fc.assert(
      fc.property(text, (input) => {
        try {
          parseAgentFrame(input)
        } catch (error) {
          assert.equal((error as { code?: string }).code, 'protocol-error')
        }
      }),
      { numRuns: 2_000 },
    )
  })
})
