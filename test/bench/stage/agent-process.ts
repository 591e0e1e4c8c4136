// One agent's node with a real interface in the network namespace of this process, told by frames as if from a controller.

import { writeFile } from 'node:fs/promises'
import { Session } from 'node:inspector/promises'
import { setTimeout as wait } from 'node:timers/promises'
import { pino } from 'pino'
import { parseCidr } from '../../../src/address/cidr.ts'
import { openHome } from '../../../src/agent/home.ts'
import { Node } from '../../../src/agent/node.ts'
import { agentSettings } from '../../../src/agent/settings.ts'
import { type Clock, systemClock } from '../../../src/clock.ts'
import { systemRandom } from '../../../src/keys/random.ts'
import type { Policy } from '../../../src/model/policy.ts'
import type { Labels } from '../../../src/model/state.ts'
import { type AgentFrame, parseControllerFrame } from '../../../src/protocol/frames.ts'
import { loadSettings } from '../../../src/settings.ts'
import type { InterfaceName, Step } from '../../../src/wireguard/device.ts'
import { createDriver } from '../../../src/wireguard/link.ts'
import { MemoryDriver } from '../../../src/wireguard/memory.ts'
import { interfaceName } from '../../../src/wireguard/name.ts'
import { programRuns, run } from '../../../src/wireguard/run.ts'
import { answerCalls } from '../helper.ts'
import { now } from '../scenario.ts'
import { PaperMesh } from './mesh.ts'
import { identityOf } from './population.ts'

/** What it cost to take a frame, until it was acknowledged. */
export interface Taken {
  readonly ms: number
  /** Programs that were run. */
  readonly runs: number
}

/** Looks that a new plan brings about are over after that many ms. */
const LOOKS_MS = 9_500
const BY_HAND = 'wfbyhand' as InterfaceName

const identity = identityOf(0)
const profiler = new Session()
let mesh: PaperMesh | undefined
let node: Node | undefined
let next = 0
let isWaiting = false
const looks: (() => void)[] = []
const clock: Clock = {
  ...systemClock,
  after: (delay, action) => systemClock.after(delay, () => (isWaiting ? looks.push(action) : action())),
}
let heard: (frame: AgentFrame) => void = () => undefined

const calls = {
  /** @param device `memory` to do without a real interface */
  async prepare(peers: number, device: 'auto' | 'memory', stateDir: string): Promise<void> {
    mesh = new PaperMesh(identity, peers)
    next = peers + 1
    const settings = loadSettings(agentSettings, { environment: {}, flags: { stateDir, device } })
    node = new Node({
      settings,
      home: await openHome(settings, systemRandom),
      identity,
      controllerKey: mesh.signing.publicKey,
      driver: device === 'memory' ? new MemoryDriver() : await createDriver(device),
      clock,
      random: systemRandom,
      log: pino({ level: 'silent' }),
    })
    node.attach((frame) => heard(frame))
  },
  /** The own key, and the whole list. */
  async snapshot(): Promise<Taken> {
    const { self, list } = { self: known(mesh).self(), list: known(mesh).news() }
    return taken([self, list])
  },
  /** One more peer. */
  addOne: (more = 0, labels: Labels = {}) => taken([known(mesh).add(next + more, labels)]),
  /** The same one less. */
  removeOne: (more = 0) => taken([known(mesh).remove(next + more)]),
  /** Whether looks wait until they are let go: they run programs that no plan asked for. */
  async still(isStill: boolean): Promise<void> {
    isWaiting = isStill
    if (!isStill) for (const look of looks.splice(0)) look()
  },
  /** Another policy is in force. */
  limit: (policy: Policy) => taken([known(mesh).limit(policy)]),
  /** Programs run by all looks, until they are over and then for `ms` more. */
  async runsAtRest(ms: number): Promise<number> {
    await wait(LOOKS_MS)
    const before = totalRuns()
    await wait(ms)
    return totalRuns() - before
  },
  /** The same peers by hand: no plan, no difference, only the programs. */
  async byHand(peers: number): Promise<Taken> {
    const driver = await createDriver('auto')
    const device = await driver.open(BY_HAND)
    return timed(() => device.apply(stepsByHand(peers)))
  },
  /** One peer more and one less, by hand. */
  async oneByHand(): Promise<Taken> {
    const publicKey = known(mesh).keyOf(next + 1)
    const one = ['peer', publicKey, 'allowed-ips', '10.3.255.254/32,fd12:3456:789a:ffff::/64']
    const added = await timed(() => run('wg', ['set', BY_HAND, ...one]))
    await run('wg', ['set', BY_HAND, 'peer', publicKey, 'remove'])
    return added
  },
  async startProfile(): Promise<void> {
    profiler.connect()
    await profiler.post('Profiler.enable')
    await profiler.post('Profiler.start')
  },
  async stopProfile(file: string): Promise<void> {
    const { profile } = await profiler.post('Profiler.stop')
    await writeFile(file, JSON.stringify(profile))
    profiler.disconnect()
  },
  async end(): Promise<void> {
    await node?.removeAll()
    await (await createDriver('auto')).remove(BY_HAND)
  },
  interfaceName: () => interfaceName(identity.id, known(mesh).network),
}

function stepsByHand(peers: number): Step[] {
  return Array.from({ length: peers }, (_, at): Step => {
    const [high, low] = [((at + 1) >> 8) & 255, (at + 1) & 255]
    const allowedIps = [
      parseCidr(`10.3.${high}.${low}/32`),
      parseCidr(`fd12:3456:789a:${(at + 1).toString(16)}::/64`),
    ]
    return { kind: 'set-peer', peer: { publicKey: known(mesh).keyOf(at + 1), allowedIps } }
  })
}

async function taken(frames: readonly string[]): Promise<Taken> {
  const applied = new Promise<void>((resolve, reject) => {
    heard = (frame) => {
      if (frame.type === 'applied') resolve()
      if (frame.type === 'refused') reject(new Error(frame.reason))
    }
  })
  return timed(async () => {
    for (const frame of frames) await known(node).take(parseControllerFrame(frame))
    await applied
  })
}

async function timed(work: () => Promise<unknown>): Promise<Taken> {
  const [before, start] = [totalRuns(), now()]
  await work()
  return { ms: now() - start, runs: totalRuns() - before }
}

function totalRuns(): number {
  return Object.values(programRuns).reduce((sum, count) => sum + count, 0)
}

function known<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Error('`prepare` comes first')
  return value
}

export type AgentCalls = typeof calls

answerCalls(calls)
