import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { pino } from 'pino'
import { dial } from '../../src/agent/dial.ts'
import { openHome } from '../../src/agent/home.ts'
import { Node } from '../../src/agent/node.ts'
import { serve } from '../../src/agent/serve.ts'
import { agentSettings } from '../../src/agent/settings.ts'
import { type Clock, systemClock } from '../../src/clock.ts'
import { Identity } from '../../src/keys/identity.ts'
import { systemRandom } from '../../src/keys/random.ts'
import { SecretBytes } from '../../src/keys/secret.ts'
import type { AgentFrame } from '../../src/protocol/frames.ts'
import { parseJoinToken } from '../../src/protocol/jointoken.ts'
import { loadSettings } from '../../src/settings.ts'
import { MemoryDriver } from '../../src/wireguard/memory.ts'
import { controllerKey } from '../protocol/samples.ts'
import { RawAgent } from '../rawagent.ts'
import { eventually, startRig } from '../rig.ts'
import { HandClock } from './clock.ts'

const identity = new Identity(new SecretBytes(new Uint8Array(32).fill(9)))
const log = pino({ level: 'silent' })

/** A clock that somebody may set, and that goes on meanwhile. */
class SetClock extends HandClock {
  off = 0

  override now(): number {
    return super.now() + this.off
  }
}

/** A node on a machine whose addresses are what the returned list holds. */
async function nodeOn(clock: Clock, addresses: string[]): Promise<Node> {
  const settings = loadSettings(agentSettings, { environment: {}, flags: {} })
  return new Node({
    settings,
    home: await openHome(settings, systemRandom),
    identity,
    controllerKey: controllerKey.publicKey,
    driver: new MemoryDriver(),
    clock,
    random: systemRandom,
    log,
    underlay: () => ({ addresses: [...addresses], mtu: 1_500, families: [4] }),
  })
}

describe('A node', () => {
  it('tells its clock with its facts, again when the clock was set, and not because time passes', async () => {
    const clock = new SetClock()
    const node = await nodeOn(clock, ['192.0.2.7/24'])
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

  it('drops a session that came from an address which is gone, and only that', async () => {
    await using rig = await startRig()
    const token = await rig.joinToken({ networks: [] })
    const ticket = parseJoinToken(token)
    const addresses = ['127.0.0.1/8', '192.0.2.7/24']
    const node = await nodeOn(systemClock, addresses)
    const join = { secret: Buffer.from(ticket.secret.expose()).toString(), name: 'mover' }
    const tools = { identity, random: systemRandom, allowPlain: false }
    const connection = await dial(rig.url, ticket, { ...node.greeting(), join }, tools)
    const isOnline = () => rig.controller.status.node(identity.id).online
    const served = serve(connection, node, { clock: systemClock, log, signal: new AbortController().signal })
    addresses.pop()
    node.lookAround()
    assert.equal(connection.socket.readyState, connection.socket.OPEN, 'it was another address')
    assert.ok(isOnline())
    addresses.pop()
    node.lookAround()
    await served
    await eventually('the controller sees it go', () => !isOnline())
  })

  it('comes back later when another machine took its session over, so that two of them do not throw each other out', async () => {
    await using rig = await startRig()
    const token = await rig.joinToken({ networks: [] })
    const ticket = parseJoinToken(token)
    const node = await nodeOn(systemClock, ['127.0.0.1/8'])
    const join = { secret: Buffer.from(ticket.secret.expose()).toString(), name: 'original' }
    const tools = { identity, random: systemRandom, allowPlain: false }
    const connection = await dial(rig.url, ticket, { ...node.greeting(), join }, tools)
    const served = serve(connection, node, { clock: systemClock, log, signal: new AbortController().signal })
    using copy = await RawAgent.return(token, identity, [])
    assert.equal(await served, 30_000)
    assert.equal(copy.isClosed, false)
  })
})
