/**
 * A program that appends to a log until it dies, keeps a snapshot of every tenth entry and drops what is old, and says what
 * was acknowledged: a line of JSON for each entry. Argument: path.
 */
import { writeSync } from 'node:fs'
import { SecretBytes } from '../../src/keys/secret.ts'
import { SigningKey } from '../../src/keys/signature.ts'
import type { Draft } from '../../src/log/log.ts'
import { sealSnapshot, startingState } from '../../src/log/snapshot.ts'
import { openSqliteLog } from '../../src/log/sqlite.ts'
import { applyEntry } from '../../src/model/apply.ts'
import { encodeState } from '../../src/model/codec.ts'
import { change } from './fixture.ts'

const MOST = 500

const [path = ''] = process.argv.slice(2)
const signing = new SigningKey(new SecretBytes(new Uint8Array(32).fill(5)))

await using log = await openSqliteLog(path)
let { state } = await startingState(log)
for await (const entry of log.read(state.sequence + 1)) state = applyEntry(state, entry)
for (let done = 0; done < MOST; done++) {
  const { entry } = await log.append(state.sequence, draft(state.sequence + 1))
  writeSync(1, `${JSON.stringify({ sequence: entry.sequence, hash: entry.hash })}\n`)
  state = applyEntry(state, entry)
  if (state.sequence % 10 === 0) {
    const bytes = Buffer.from([...encodeState(state)].join(''))
    await log.keepSnapshot(sealSnapshot(entry, new Uint8Array(bytes), signing))
    await log.compact(state.sequence - 15)
  }
}

/** The first entry brings the key that signs. */
function draft(number: number): Draft {
  if (number > 1) return change(number)
  const authority = {
    publicKey: signing.publicKey,
    wrappedSeed: '',
    certificate: '',
    wrappedCertificateKey: '',
  }
  return { ...change(1), events: [{ type: 'controller-initialised', epoch: 1, ...authority }] }
}
