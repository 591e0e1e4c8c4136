import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { toBase64Url } from '../../src/keys/text.ts'
import { signTranscript, type Transcript, verifyTranscript } from '../../src/protocol/handshake.ts'
import { controllerKey, otherKey } from './samples.ts'

const seen: Transcript = {
  nodeKey: otherKey.publicKey,
  controllerKey: controllerKey.publicKey,
  agentNonce: toBase64Url(new Uint8Array(32).fill(3)),
  controllerNonce: toBase64Url(new Uint8Array(32).fill(4)),
  channel: new Uint8Array(32).fill(5),
}

describe('A signed transcript', () => {
  it('verifies for both ends that saw the same', () => {
    const signature = signTranscript(otherKey, 'weft/1 agent hello', seen, 'sealing key')
    assert.ok(verifyTranscript(otherKey.publicKey, 'weft/1 agent hello', seen, signature, 'sealing key'))
  })

  it('fails when anything was seen otherwise: nonces, keys, TLS channel, sealing key, purpose', () => {
    const signature = signTranscript(otherKey, 'weft/1 agent hello', seen, 'sealing key')
    const others: Transcript[] = [
      { ...seen, agentNonce: seen.controllerNonce },
      { ...seen, controllerNonce: seen.agentNonce },
      { ...seen, nodeKey: seen.controllerKey },
      { ...seen, controllerKey: seen.nodeKey },
      { ...seen, channel: new Uint8Array(32).fill(6) },
      { ...seen, channel: new Uint8Array() },
    ]
    for (const other of others) {
      assert.equal(
        verifyTranscript(otherKey.publicKey, 'weft/1 agent hello', other, signature, 'sealing key'),
        false,
      )
    }
    assert.equal(
      verifyTranscript(otherKey.publicKey, 'weft/1 agent hello', seen, signature, 'another'),
      false,
    )
    assert.equal(
      verifyTranscript(otherKey.publicKey, 'weft/1 farewell', seen, signature, 'sealing key'),
      false,
    )
    assert.equal(
      verifyTranscript(controllerKey.publicKey, 'weft/1 agent hello', seen, signature, 'sealing key'),
      false,
    )
  })
})
