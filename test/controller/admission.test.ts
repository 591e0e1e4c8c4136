import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { pino } from 'pino'
import { Admission } from '../../src/controller/admission.ts'
import { controllerSettings } from '../../src/controller/settings.ts'
import { WeftError } from '../../src/errors.ts'
import { Identity } from '../../src/keys/identity.ts'
import { SecretBytes } from '../../src/keys/secret.ts'
import { SigningKey } from '../../src/keys/signature.ts'
import { toNetworkId } from '../../src/model/names.ts'
import { emptyState } from '../../src/model/state.ts'
import { signHead } from '../../src/protocol/content.ts'
import { loadSettings } from '../../src/settings.ts'
import { HandClock } from '../agent/clock.ts'

const { id: node } = new Identity(new SecretBytes(new Uint8Array(32).fill(6)))
const settings = loadSettings(controllerSettings, { environment: {}, flags: {} })
const signing = new SigningKey(new SecretBytes(new Uint8Array(32).fill(5)))

function headOf(epoch: number, revision: number) {
  const network = toNetworkId(Buffer.alloc(10, 1))
  const digest = Buffer.alloc(16).toString('base64url')
  const head = { network, epoch, revision, digest, expiresAt: 1 }
  return { type: 'proof', kind: 'head', network, ...signHead(head, signing) } as const
}

test('an epoch that an agent shows to be over is begun anew as soon as the log takes changes, and once', async () => {
  const clock = new HandClock()
  let takesChanges = false
  let state = emptyState
  let tries = 0
  const admission = new Admission({
    state: () => state,
    catchUp: async () => state,
    async change(_request, decide) {
      tries += 1
      if (!takesChanges) throw new WeftError('store-unavailable', 'A Redis replica is missing.')
      const tools = { now: clock.now(), random: () => new Uint8Array(), settings }
      for (const event of decide(state, tools).events)
        if (event.type === 'epoch-raised') state = { ...state, epoch: event.epoch }
    },
    controllerKey: signing.publicKey,
    clock,
    log: pino({ level: 'silent' }),
  })
  const proof = headOf(3, 9)
  const later = async () => {
    clock.advance(5_000)
    await turn()
  }

  admission.takeProof(node, proof)
  admission.takeProof(node, headOf(1, 100))
  await turn()
  await later()
  assert.deepEqual([tries, state.epoch], [2, 0], 'it is tried again, by one of the two')
  takesChanges = true
  await later()
  assert.equal(state.epoch, 4, 'beyond all that was shown, in whatever order')
  await later()
  assert.equal(tries, 3, 'and no more once it is done')
  admission.takeProof(node, proof)
  await turn()
  assert.equal(tries, 3, 'what was shown of an older epoch says nothing')
})
