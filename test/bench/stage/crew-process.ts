// Many simulated agents in one process, and the clients of the floor beside them.

import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import { connect, type TLSSocket } from 'node:tls'
import { WebSocket } from 'ws'
import { type Connection, dial } from '../../../src/agent/dial.ts'
import type { Enrolment } from '../../../src/agent/home.ts'
import { FrameStream } from '../../../src/agent/stream.ts'
import { Message, type Parcel } from '../../../src/controller/push/message.ts'
import type { Identity } from '../../../src/keys/identity.ts'
import { systemRandom } from '../../../src/keys/random.ts'
import { inPool } from '../../../src/lab/pool.ts'
import type { NetworkId } from '../../../src/model/names.ts'
import { encodeFrame } from '../../../src/protocol/frames.ts'
import { answerCalls } from '../helper.ts'
import { now } from '../scenario.ts'
import { type Company, SimulatedAgent } from './agent.ts'
import { Doorway } from './doorway.ts'
import { identityOf } from './population.ts'
import { SharedNetwork } from './shared.ts'

/** Handshakes under way while a scenario is built up. */
const AT_ONCE = 24
/** An agent without jitter that was not let in tries again after this many ms. */
const RETRY_MS = 100
/** In which a server that has let somebody in says the rest. */
const ANSWER_LIMIT_MS = 5_000

export interface Enlisting {
  readonly first: number
  readonly count: number
  /** That they are members of already. */
  readonly network: NetworkId | undefined
}

let company: Company | undefined
const agents: SimulatedAgent[] = []
let floor: WebSocket[] = []
let bare: TLSSocket[] = []
let returning: Promise<number[]> | undefined
const doorway = new Doorway()
let go = Promise.withResolvers<void>()

const calls = {
  /** Connects agents. Resolves when all that are members have acknowledged what they have. */
  async enlist(enrolment: Enrolment, { first, count, network }: Enlisting): Promise<void> {
    company ??= { enrolment, networks: new Map(), bytes: 0, last: {} }
    const known = company
    const fresh = Array.from({ length: count }, (_, at) => new SimulatedAgent(first + at, known, at === 0))
    agents.push(...fresh)
    const enter = async (agent: SimulatedAgent) => {
      if (network) agent.assume(network)
      await agent.connect()
      if (network) await agent.acknowledged
    }
    // The first one brings the snapshot that the others, too, have from then on.
    const [scout, ...rest] = fresh
    if (scout) await enter(scout)
    await inPool(rest, AT_ONCE, enter)
  },
  /** Bytes of frames that came for these agents. */
  bytes: () => company?.bytes ?? 0,
  /** The last frame of its kind, as it came; undefined if none did. */
  lastFrame(kind: 'delta' | 'snapshot'): Parcel | undefined {
    const frame = company?.last[kind]
    return frame && new Message(frame).for(true)
  },
  /** From now on agents that lose their session come back all at once, without jitter, as soon as `release` is called. */
  hold(): void {
    go = Promise.withResolvers()
    returning = Promise.all(agents.map(comeBack))
  },
  release(): void {
    go.resolve()
  },
  /** When each of them had acknowledged again. */
  returned: () => returning,
  /** How often agents that came back, or knocked, have tried. */
  tries: () => doorway.passed,
  /** Handshakes of the floor, all at once; gives when each was let in. */
  async knock(enrolment: Enrolment, count: number): Promise<number[]> {
    const knockers = Array.from({ length: count }, (_, index) => identityOf(index))
    return Promise.all(
      knockers.map((identity) =>
        persistently(async () => {
          const { stream } = await enter(enrolment, identity)
          // Kept by the stream: it often comes in one piece with the welcome.
          await stream.next(ANSWER_LIMIT_MS)
        }),
      ),
    )
  },
  /** Lets nodes in that are members of nothing, all at once. Resolves when they have a session. */
  async visit(enrolment: Enrolment, first: number, count: number): Promise<void> {
    const visitors = Array.from({ length: count }, (_, at) => identityOf(first + at))
    await Promise.all(visitors.map((identity) => persistently(() => enter(enrolment, identity))))
  },
  /** Plain websockets that parse, verify and acknowledge what comes, by the code of agents. */
  async openFloor(enrolment: Enrolment, count: number): Promise<void> {
    const shared = new SharedNetwork(enrolment.controllerKey)
    const [url = ''] = enrolment.urls
    floor = await inPool(Array.from({ length: count }), AT_ONCE, async () => {
      const socket = new WebSocket(url, { perMessageDeflate: false, rejectUnauthorized: false })
      await once(socket, 'open')
      acknowledgeAll(socket, shared).catch(() => undefined)
      return socket
    })
  },
  /** Milliseconds of CPU so far, of all threads. */
  cpu(): number {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1_000
  },
  closeFloor(): void {
    for (const socket of floor) socket.terminate()
    floor = []
  },
  /** TLS connections with nothing on them. */
  async openBare(port: number, count: number): Promise<void> {
    const fresh = await inPool(Array.from({ length: count }), AT_ONCE, async () => {
      const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false, minVersion: 'TLSv1.3' })
      await once(socket, 'secureConnect')
      return socket
    })
    bare.push(...fresh)
  },
  closeBare(): void {
    for (const socket of bare) socket.destroy()
    bare = []
  },
}

/** What an agent does with a frame, and no more: nothing is kept, and nothing is said but that. */
async function acknowledgeAll(socket: WebSocket, shared: SharedNetwork): Promise<never> {
  const stream = new FrameStream(socket)
  for (;;) {
    const frame = await stream.next()
    if (frame.type !== 'delta' && frame.type !== 'snapshot') continue
    const { network, epoch, revision, digest } =
      frame.type === 'delta' ? shared.delta(frame).head : shared.snapshot(frame)
    socket.send(encodeFrame({ type: 'applied', network, epoch, revision, digest, took: 1 }))
  }
}

/** A session of somebody that has nothing and says nothing. */
function enter(enrolment: Enrolment, identity: Identity): Promise<Connection> {
  const facts = { addresses: [], mtu: 1_500, ports: [], device: 'memory', version: 'bench' } as const
  const greeting = { networks: [], facts: { ...facts, addresses: [], ports: [] } }
  const tools = { identity, random: systemRandom, allowPlain: false }
  return dial(enrolment.urls[0] ?? '', enrolment, greeting, tools)
}

/** Waits until the session is lost and the word is given, and tries until it is acknowledged. */
async function comeBack(agent: SimulatedAgent): Promise<number> {
  await agent.left
  await go.promise
  return persistently(async () => {
    await agent.connect()
    await Promise.race([agent.acknowledged, agent.left.then(() => Promise.reject(new Error('lost')))])
  })
}

/** Tries until it works; gives when that was. */
async function persistently(attempt: () => Promise<unknown>): Promise<number> {
  for (;;) {
    await doorway.pass()
    try {
      await attempt()
      return now()
    } catch {
      await wait(RETRY_MS)
    }
  }
}

export type CrewCalls = typeof calls

answerCalls(calls)
