import assert from 'node:assert/strict'
import { setImmediate as turn } from 'node:timers/promises'
import { pino } from 'pino'
import { shakeHands } from '../../src/agent/dial.ts'
import type { Home } from '../../src/agent/home.ts'
import { Node } from '../../src/agent/node.ts'
import { agentSettings } from '../../src/agent/settings.ts'
import { FrameStream } from '../../src/agent/stream.ts'
import { systemClock } from '../../src/clock.ts'
import type { Identity } from '../../src/keys/identity.ts'
import { systemRandom } from '../../src/keys/random.ts'
import { toBase64Url } from '../../src/keys/text.ts'
import { openHead, signDelta, signRemoval, signWitnessList } from '../../src/protocol/content.ts'
import {
  type ControllerFrame,
  type ControllerFrameOf,
  encodeFrame,
  parseAgentFrame,
  parseControllerFrame,
} from '../../src/protocol/frames.ts'
import { signTranscript } from '../../src/protocol/handshake.ts'
import { loadSettings } from '../../src/settings.ts'
import { MemoryDriver } from '../../src/wireguard/memory.ts'
import { Crowd, framesOf, type Listener } from './crowd.ts'
import { type Series, series, type Tally } from './fuzz.ts'
import { Line } from './line.ts'

const log = pino({ level: 'silent' })
const NO_SIGNATURE = 'A'.repeat(86)

/** Gives a real agent mutated frames of its controller. Whatever it takes, it holds nothing that was not signed for it. */
export async function fuzzAgent(frames: number, seed: number): Promise<Tally> {
  await using crowd = await Crowd.gather(3)
  const [listener] = crowd.listeners
  assert.ok(listener)
  const originals = await sayings(crowd, listener)
  const driver = new MemoryDriver()
  const node = nodeFor(listener.identity, crowd, driver)
  // Whatever it answers is a frame that a controller understands.
  node.attach((frame) => void parseAgentFrame(encodeFrame(frame)))
  for (const type of ['self', 'snapshot'] as const) await node.take(originals[type])
  const before = await pictureOf(node, driver)
  const check = async () => assert.deepEqual(await pictureOf(node, driver), before)
  const give = async (text: string) => {
    await node.take(parseControllerFrame(text))
    return undefined
  }
  const texts = Object.values(originals).map(encodeFrame)
  return await series({ frames, seed, originals: texts, give, check })
}

/** Answers an agent that opens a session with mutated frames. It believes nobody who does not hold the pinned key. */
export async function fuzzDialling(frames: number, seed: number): Promise<Tally> {
  await using crowd = await Crowd.gather(1)
  const [listener] = crowd.listeners
  assert.ok(listener)
  const { identity } = listener
  const { signing } = crowd.controller.authority
  const give: Series['give'] = async (mutated) => {
    const line = new Line()
    const stream = new FrameStream(line.agent)
    const answers = [mutated, encodeFrame({ type: 'welcome', node: identity.id, heartbeatSeconds: 5 })]
    line.controller.on('message', () => line.controller.send(answers.shift() ?? ''))
    const greeting = { networks: [], facts: crowd.facts(1) }
    const tools = { identity, random: systemRandom }
    const enrolment = { controllerKey: signing.publicKey }
    try {
      await shakeHands(line.agent, stream, { enrolment, greeting, channel: new Uint8Array(), tools })
      assert.fail('it believed what was not signed for this very session')
    } finally {
      line.cut()
    }
  }
  const transcript = {
    nodeKey: identity.signing.publicKey,
    controllerKey: signing.publicKey,
    agentNonce: toBase64Url(systemRandom(32)),
    controllerNonce: toBase64Url(systemRandom(32)),
    channel: new Uint8Array(),
  }
  // Signed by the right key, for another session.
  const signature = signTranscript(signing, 'weft/1 controller challenge', transcript)
  const { controllerKey: key, controllerNonce: nonce } = transcript
  const originals: ControllerFrame[] = [
    { type: 'challenge', nonce, key, signature },
    { type: 'farewell', signature },
    { type: 'welcome', node: identity.id, heartbeatSeconds: 5 },
    { type: 'error', code: 'token-spent', message: 'No.' },
  ]
  return await series({ frames, seed, originals: originals.map(encodeFrame), give, check: () => undefined })
}

function nodeFor(identity: Identity, { controller }: Crowd, driver: MemoryDriver): Node {
  return new Node({
    settings: loadSettings(agentSettings, { environment: {}, flags: {} }),
    home: forgetful(identity),
    identity,
    controllerKey: controller.authority.signing.publicKey,
    driver,
    clock: systemClock,
    random: systemRandom,
    log,
    underlay: () => ({ addresses: ['203.0.113.1/24'], mtu: 1_500, families: [4] }),
  })
}

/** Keeps nothing, so that only the agent can grow. */
function forgetful(identity: Identity): Home {
  const nothing = async () => undefined
  return {
    identity: async () => identity,
    journals: async () => new Map(),
    enrolment: nothing,
    enrol: nothing,
    rewrite: nothing,
    append: nothing,
    forget: nothing,
    leave: nothing,
  }
}

/** All that is signed, as the agent says it and as its interfaces are. Where members are is not: a hint may be wrong. */
async function pictureOf(node: Node, driver: MemoryDriver) {
  for (let time = 0; time < 20; time++) await turn()
  const networks = node.greeting().networks.map(({ hints: _hints, lan: _lan, ...signed }) => signed)
  const names = await driver.list('')
  const devices = await Promise.all(names.map(async (name) => (await driver.open(name)).observe()))
  return {
    networks,
    devices: devices.map(({ publicKey, addresses, peers }) => ({
      publicKey,
      addresses,
      peers: [...peers.values()].map((peer) => [peer.publicKey, peer.allowedIps.join()]).sort(),
    })),
  }
}

type Sayings = { readonly [Type in ControllerFrame['type']]: ControllerFrameOf<Type> }

/** One of each that a controller says. What is signed is right, and what it says makes no difference to who has it all. */
async function sayings(crowd: Crowd, listener: Listener): Promise<Sayings> {
  const { id: network } = crowd.network
  const { signing } = crowd.controller.authority
  while (framesOf(listener).every(({ type }) => type !== 'snapshot')) await turn()
  const heard = framesOf(listener)
  const self = heard.find((frame) => frame.type === 'self')
  const snapshot = heard.find((frame) => frame.type === 'snapshot')
  assert.ok(self && snapshot)
  const { body, signature } = snapshot
  const { identity } = listener
  const { id: node } = identity
  const [hint] = snapshot.hints
  const head = { ...openHead(snapshot, signing.publicKey) }
  const nonce = toBase64Url(systemRandom(32))
  return {
    challenge: { type: 'challenge', nonce, key: signing.publicKey, signature: NO_SIGNATURE },
    welcome: { type: 'welcome', node, heartbeatSeconds: 5 },
    farewell: { type: 'farewell', signature: NO_SIGNATURE },
    self,
    snapshot,
    current: { type: 'current', body, signature },
    delta: {
      type: 'delta',
      ...signDelta({ head, from: head.revision - 1, upserts: [], removals: [] }, signing),
    },
    hints: { type: 'hints', network, hints: hint ? [hint] : [] },
    lan: { type: 'lan', network, hints: [{ node, endpoints: ['192.168.1.2:51820'] }] },
    witness: { type: 'witness', ...signWitnessList({ node, whole: true, added: [], removed: [] }, signing) },
    removed: { type: 'removed', ...signRemoval({ network, node, epoch: 1, revision: 0 }, signing) },
    'key-wanted': { type: 'key-wanted', network, keyVersion: 1 },
    compare: { type: 'compare', reports: [{ network, digest: 'A'.repeat(22) }] },
    prove: { type: 'prove', network },
    drain: { type: 'drain', reconnectWithin: 5 },
    error: { type: 'error', code: 'conflict', message: 'No.' },
  }
}
