import assert from 'node:assert/strict'
import { it } from 'node:test'
import { pino } from 'pino'
import { openHome } from '../../src/agent/home.ts'
import { Node } from '../../src/agent/node.ts'
import { agentSettings } from '../../src/agent/settings.ts'
import { Identity } from '../../src/keys/identity.ts'
import { systemRandom } from '../../src/keys/random.ts'
import { SecretBytes } from '../../src/keys/secret.ts'
import { type AgentFrame, parseControllerFrame } from '../../src/protocol/frames.ts'
import { loadSettings } from '../../src/settings.ts'
import type { Device, InterfaceName, ObservedDevice } from '../../src/wireguard/device.ts'
import { MemoryDriver } from '../../src/wireguard/memory.ts'
import { PaperMesh } from '../bench/stage/mesh.ts'
import { eventually } from '../rig.ts'
import { HandClock } from './clock.ts'

const identity = new Identity(new SecretBytes(new Uint8Array(32).fill(9)))

/** Interfaces in memory that answer as slowly as a test wants. */
class SlowDriver extends MemoryDriver {
  /** How often somebody asked what is there. */
  asked = 0
  /** Answers wait for this. */
  answering: Promise<unknown> = Promise.resolve()

  override async open(name: InterfaceName): Promise<Device> {
    const device = await super.open(name)
    const observe = async (): Promise<ObservedDevice> => {
      this.asked += 1
      const observed = await device.observe()
      // What it says is of when it was asked.
      await this.answering
      return observed
    }
    return { name, observe, observePeers: () => device.observePeers(), apply: (steps) => device.apply(steps) }
  }
}

it('A plan does not wait for a look at the interface, and what the look saw before it is not taken for drift', async () => {
  const [mesh, driver] = [new PaperMesh(identity, 3), new SlowDriver()]
  const settings = loadSettings(agentSettings, { environment: {}, flags: {} })
  const node = new Node({
    settings,
    home: await openHome(settings, systemRandom),
    identity,
    controllerKey: mesh.signing.publicKey,
    driver,
    clock: new HandClock(),
    random: systemRandom,
    log: pino({ level: 'silent' }),
    underlay: () => ({ addresses: [], mtu: 1_500, families: [4] }),
  })
  const said: AgentFrame[] = []
  node.attach((frame) => said.push(frame))
  const applied = () => said.filter(({ type }) => type === 'applied').length
  for (const frame of [mesh.self(), mesh.news()]) await node.take(parseControllerFrame(frame))
  await eventually('the list is applied', () => applied() > 0)
  await node.inspect()

  const [before, asked] = [applied(), driver.asked]
  const answer = Promise.withResolvers<void>()
  driver.answering = answer.promise
  const look = node.inspect()
  await eventually('the device is asked', () => driver.asked > asked)
  await node.take(parseControllerFrame(mesh.add(4)))
  await eventually('one peer more is applied, and the device has not answered yet', () => applied() > before)
  driver.answering = Promise.resolve()
  answer.resolve()
  await look
  assert.equal(driver.asked, asked + 2, 'it was asked again')
  const drift = said.flatMap((frame) => (frame.type === 'report' ? frame.drift : []))
  assert.deepEqual(drift, [])
  const [name] = await driver.list('')
  const { peers } = await (await driver.open(name ?? assert.fail())).observe()
  assert.ok(peers.size === 4 && peers.has(mesh.keyOf(4)))
})
