import assert from 'node:assert/strict'
import { once } from 'node:events'
import { systemRandom } from '../../src/keys/random.ts'
import { toBase64Url } from '../../src/keys/text.ts'
import {
  type AgentFrame,
  type AgentFrameOf,
  encodeFrame,
  parseControllerFrame,
} from '../../src/protocol/frames.ts'
import { PROTOCOL_VERSION, signTranscript } from '../../src/protocol/handshake.ts'
import { Crowd, type Listener } from './crowd.ts'
import { isJson, type Series, series, type Tally } from './fuzz.ts'
import { Line } from './line.ts'
import { mutate, numbersFrom } from './mutate.ts'

const NO_SIGNATURE = 'A'.repeat(86)

/** Gives a controller mutated frames of an agent that is connected. Nothing of them reaches the log. */
export async function fuzzController(frames: number, seed: number): Promise<Tally> {
  await using crowd = await Crowd.gather(3)
  const [listener] = crowd.listeners
  assert.ok(listener)
  const { sequence } = crowd.controller.state
  const refused = new Map<string, number>()
  keepNothing(crowd)
  listener.line.agent.on('message', (data: Buffer) => {
    const frame = parseControllerFrame(data.toString())
    if (frame.type === 'error') refused.set(frame.code, (refused.get(frame.code) ?? 0) + 1)
  })
  const give = (text: string) => {
    // Not so often that it is cut off for that.
    crowd.letPass(1_000)
    listener.line.controller.emit('message', Buffer.from(text))
    return undefined
  }
  const check = () => assert.equal(crowd.controller.state.sequence, sequence)
  const originals = Object.values(sayings(crowd, listener)).map(encodeFrame)
  const tally = await series({ frames, seed, originals, give, check })
  assert.ok(listener.line.controller.readyState === listener.line.controller.OPEN, 'the session goes on')
  const taken = [...refused.values()].reduce((left, count) => left - count, frames)
  return { ...tally, refused, taken }
}

/**
 * Opens sessions at a controller with something wrong in the first frame or in the second, each over a connection of its own
 * by a node that it knows. It lets in only who has proven itself, says why else, and remembers nothing of who was refused.
 */
export async function fuzzGreeting(frames: number, seed: number): Promise<Tally> {
  await using crowd = await Crowd.gather(2)
  const [listener] = crowd.listeners
  assert.ok(listener)
  keepNothing(crowd)
  const { sequence } = crowd.controller.state
  const number = numbersFrom(seed + 1)
  // Of those that were sent: the second frame is another one than that of the series.
  let broken = 0
  const open: AgentFrame = { ...sayings(crowd, listener).open, nodeKey: listener.identity.signing.publicKey }
  const give: Series['give'] = async (mutated) => {
    // Either the first frame is the mutated one, or the second, which is signed for this very session before.
    const isFirst = number(2) === 0
    // Not so often that it is turned away for that.
    crowd.letPass(1_000)
    const caller = call(crowd)
    const tell = (text: string) => {
      if (!isJson(text)) broken += 1
      return caller.say(text)
    }
    try {
      const challenge = await tell(isFirst ? mutated : encodeFrame(open))
      if (challenge.type !== 'challenge') return codeOf(challenge)
      const hello = helloFor(crowd, listener, challenge.nonce, open)
      return codeOf(await tell(isFirst ? hello : mutate(hello, mutated, number)))
    } finally {
      caller.line.cut()
    }
  }
  const check = () => {
    assert.equal(crowd.controller.state.sequence, sequence)
    assert.equal(
      crowd.controller.status.node(crowd.listeners[1]?.identity.id ?? listener.identity.id).online,
      true,
    )
  }
  const tally = await series({ frames, seed, originals: [encodeFrame(open)], give, check })
  return { ...tally, broken }
}

/** What is sent to those who are there is kept nowhere, so that only the controller can grow. */
function keepNothing({ listeners }: Crowd): void {
  for (const { line } of listeners) line.agent.removeAllListeners('message')
}

function call({ controller }: Crowd) {
  const line = new Line()
  controller
    .acceptAgent(line.controller, { binding: new Uint8Array(), remoteAddress: '192.0.2.1' })
    .catch(() => undefined)
  const say = async (text: string) => {
    line.agent.send(text)
    const [data] = await once(line.agent, 'message')
    return parseControllerFrame(String(data))
  }
  return { line, say }
}

/** Of a refusal; undefined for a welcome. */
function codeOf(frame: ReturnType<typeof parseControllerFrame>): string | undefined {
  if (frame.type === 'error') return frame.code
  assert.equal(frame.type, 'welcome')
  return undefined
}

function helloFor(
  crowd: Crowd,
  { identity }: Listener,
  controllerNonce: string,
  { nonce: agentNonce }: AgentFrameOf<'open'>,
): string {
  const { signing, sealing } = identity
  const transcript = {
    nodeKey: signing.publicKey,
    controllerKey: crowd.controller.authority.signing.publicKey,
    agentNonce,
    controllerNonce,
    channel: new Uint8Array(),
  }
  const { publicKey: sealingKey } = sealing
  const signature = signTranscript(signing, 'weft/1 agent hello', transcript, sealingKey)
  return encodeFrame({ type: 'hello', signature, sealingKey, networks: [], facts: crowd.facts(1) })
}

type Sayings = { readonly [Type in AgentFrame['type']]: AgentFrameOf<Type> }

/** One of each that an agent says. */
function sayings({ network: { id, revision } }: Crowd, { identity }: Listener): Sayings {
  const position = { network: id, epoch: 1, revision, digest: 'A'.repeat(22) }
  const signed = { body: 'AAAA', signature: NO_SIGNATURE }
  const facts = {
    addresses: ['203.0.113.1/24'],
    mtu: 1_500,
    ports: [],
    device: 'memory' as const,
    version: '0',
  }
  const peer = { node: identity.id, endpoint: '192.0.2.1:51820', handshakeAge: 5, rxBytes: 1, txBytes: 2 }
  const nonce = toBase64Url(systemRandom(32))
  const { publicKey: sealingKey } = identity.sealing
  return {
    open: { type: 'open', version: PROTOCOL_VERSION, nodeKey: identity.signing.publicKey, nonce },
    hello: { type: 'hello', signature: NO_SIGNATURE, sealingKey, networks: [position], facts },
    applied: { type: 'applied', ...position, took: 12.5 },
    refused: {
      type: 'refused',
      network: id,
      epoch: 1,
      revision,
      code: 'port-taken',
      reason: 'No port is free.',
    },
    resync: { type: 'resync', network: id, position },
    have: { type: 'have', networks: [position], facts, witnesses: 'A'.repeat(22) },
    proof: { type: 'proof', network: id, kind: 'head', ...signed },
    report: { type: 'report', network: id, peers: [peer], drift: ['the port was 1'] },
    witnessed: { type: 'witnessed', seen: [{ network: id, node: identity.id, endpoint: '192.0.2.1:1' }] },
    facts: { type: 'facts', facts },
    key: { type: 'key', network: id, keyVersion: 1, publicKey: `${'A'.repeat(43)}=` },
  }
}
