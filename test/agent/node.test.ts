import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { pino } from 'pino'
import { openHome } from '../../src/agent/home.ts'
import { Node } from '../../src/agent/node.ts'
import { agentSettings } from '../../src/agent/settings.ts'
import { Identity } from '../../src/keys/identity.ts'
import { systemRandom } from '../../src/keys/random.ts'
import { SecretBytes } from '../../src/keys/secret.ts'
import type { AgentFrame } from '../../src/protocol/frames.ts'
import { loadSettings } from '../../src/settings.ts'
import { MemoryDriver } from '../../src/wireguard/memory.ts'
import { controllerKey } from '../protocol/samples.ts'
import { HandClock } from './clock.ts'

/** A clock that somebody may set, and that goes on meanwhile. */
class SetClock extends HandClock {
  off = 0

  override now(): number {
    return super.now() + this.off
  }
}

describe('What a node tells of its clock', () => {
  it('comes with its facts, again when the clock was set, and not because time passes', async () => {
    const settings = loadSettings(agentSettings, { environment: {}, flags: {} })
    const clock = new SetClock()
    const node = new Node({
      settings,
      home: await openHome(settings, systemRandom),
      identity: new Identity(new SecretBytes(new Uint8Array(32).fill(9))),
      controllerKey: controllerKey.publicKey,
      driver: new MemoryDriver(),
      clock,
      random: systemRandom,
      log: pino({ level: 'silent' }),
    })
    const told: (number | undefined)[] = []
    const send = (frame: AgentFrame) => {
      if (frame.type === 'facts') told.push(frame.facts.time)
    }
    assert.equal(node.greeting().facts.time, clock.now())
    node.attach(send)
    clock.advance(600_000)
    node.lookAround()
    assert.deepEqual(told, [])
    clock.off = -3_600_000
    node.lookAround()
    node.lookAround()
    assert.deepEqual(told, [clock.now()])
  })
})
