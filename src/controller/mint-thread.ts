// A thread that makes blanks of keys for who asks by message: the public keys of their owners come in, the blanks go back in
// one buffer, in the same order. It is handed over and not copied, so no secret stays here.

import { parentPort } from 'node:worker_threads'
import { BLANK_BYTES, makeBlanks, packBlank } from '../keys/blank.ts'
import type { PublicKey } from '../keys/wireguard.ts'

parentPort?.on('message', (recipients: readonly PublicKey[]) => {
  const bytes = blanksFor(recipients)
  parentPort?.postMessage(bytes, [bytes.buffer])
})

/** Nothing at all when there is one for whom none can be made: who needs it will find out why. */
function blanksFor(recipients: readonly PublicKey[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(recipients.length * BLANK_BYTES)
  try {
    for (const [at, blank] of makeBlanks(recipients).entries())
      packBlank(blank, bytes.subarray(at * BLANK_BYTES, (at + 1) * BLANK_BYTES))
    return bytes
  } catch {
    bytes.fill(0)
    return new Uint8Array()
  }
}
