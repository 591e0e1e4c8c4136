import assert from 'node:assert/strict'
import { setImmediate as turn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Replica } from '../../src/agent/replica.ts'
import { toWeftError } from '../../src/errors.ts'
import {
  type AgentFrame,
  type ControllerFrame,
  encodeFrame,
  parseControllerFrame,
} from '../../src/protocol/frames.ts'
import { Crowd, framesOf, type Listener } from './crowd.ts'
import { mutate, numbersFrom } from './mutate.ts'

/** What became of the frames of a series. */
export interface Tally {
  /** By the code of the refusal. */
  readonly refused: ReadonlyMap<string, number>
  /** Taken: what was wrong made no difference, or made it another frame that is right. */
  readonly taken: number
  /** Bytes by which the heap grew. */
  readonly growth: number
}

/** After so many frames, whatever else there is to do is done. */
const BATCH = 500

/** Gives an agent mutated frames of its controller. Whatever it takes, it holds nothing that was not signed for it. */
export async function fuzzAgent(frames: number, seed: number): Promise<Tally> {
  await using crowd = await Crowd.gather(3)
  const [listener] = crowd.listeners
  assert.ok(listener)
  const { originals, replica } = await holdingAll(crowd, listener)
  const before = JSON.stringify([replica.position(), replica.others(), replica.content])
  const check = () =>
    assert.equal(JSON.stringify([replica.position(), replica.others(), replica.content]), before)
  return series(frames, seed, originals, (text) => take(replica, parseControllerFrame(text)), check)
}

/** Gives a controller mutated frames of an agent that is connected. Nothing of them reaches the log. */
export async function fuzzController(frames: number, seed: number): Promise<Tally> {
  await using crowd = await Crowd.gather(3)
  const [listener] = crowd.listeners
  assert.ok(listener)
  const { sequence } = crowd.controller.state
  const refused = new Map<string, number>()
  // What is sent is kept nowhere, so that only the controller can grow.
  for (const { line } of crowd.listeners) line.agent.removeAllListeners('message')
  listener.line.agent.on('message', (data: Buffer) => {
    const frame = parseControllerFrame(data.toString())
    if (frame.type === 'error') refused.set(frame.code, (refused.get(frame.code) ?? 0) + 1)
  })
  const give = (text: string) => void listener.line.controller.emit('message', Buffer.from(text))
  const check = () => assert.equal(crowd.controller.state.sequence, sequence)
  const tally = await series(frames, seed, sayings(crowd, listener), give, check)
  assert.ok(listener.line.controller.readyState === listener.line.controller.OPEN, 'the session goes on')
  const taken = [...refused.values()].reduce((left, count) => left - count, frames)
  return { ...tally, refused, taken }
}

async function series(
  frames: number,
  seed: number,
  originals: readonly string[],
  give: (text: string) => void,
  check: () => void,
): Promise<Tally> {
  const number = numbersFrom(seed)
  const pick = () => originals[number(originals.length)] ?? ''
  const refused = new Map<string, number>()
  let [taken, start] = [0, 0]
  for (let frame = 0; frame < frames; frame++) {
    try {
      give(mutate(pick(), pick(), number))
      taken += 1
    } catch (error) {
      const { code } = toWeftError(error)
      refused.set(code, (refused.get(code) ?? 0) + 1)
    }
    if (frame % BATCH !== 0) continue
    check()
    await turn()
    // By then all code that is ever used has been compiled.
    if (frame === BATCH * 5) start = heapUsed()
  }
  check()
  await turn()
  return { refused, taken, growth: heapUsed() - start }
}

/** The frames that a member was sent, and a replica that has taken them. */
async function holdingAll(crowd: Crowd, listener: Listener) {
  while (framesOf(listener).every(({ type }) => type !== 'snapshot')) await turn()
  const frames = framesOf(listener)
  const { id } = crowd.network
  const replica = new Replica(id, listener.identity, crowd.controller.authority.signing.publicKey)
  for (const frame of frames) take(replica, frame)
  return { replica, originals: frames.map(encodeFrame) }
}

function take(replica: Replica, frame: ControllerFrame): void {
  switch (frame.type) {
    case 'self':
      return void replica.takeSelf(frame)
    case 'current':
      return void replica.takeCurrent(frame)
    case 'snapshot':
      return void replica.takeSnapshot(frame)
    case 'delta':
      return void replica.takeDelta(frame)
    case 'hints':
      return void replica.takeHints(frame)
    case 'lan':
      return void replica.takeLan(frame)
    default:
  }
}

/** One of each that an agent says in a session. */
function sayings({ network: { id, revision } }: Crowd, { identity }: Listener): string[] {
  const position = { network: id, epoch: 1, revision, digest: 'A'.repeat(22) }
  const signed = { body: 'AAAA', signature: 'A'.repeat(86) }
  const peer = { node: identity.id, endpoint: '192.0.2.1:51820', handshakeAge: 5, rxBytes: 1, txBytes: 2 }
  const frames: AgentFrame[] = [
    { type: 'applied', ...position, took: 12.5 },
    { type: 'refused', network: id, epoch: 1, revision, code: 'port-taken', reason: 'No port is free.' },
    { type: 'resync', network: id, position },
    { type: 'proof', network: id, kind: 'head', ...signed },
    { type: 'report', network: id, peers: [peer], drift: ['the port was 1'] },
    { type: 'witnessed', seen: [{ network: id, node: identity.id, endpoint: '192.0.2.1:1' }] },
    {
      type: 'facts',
      facts: { addresses: ['203.0.113.1/24'], mtu: 1_500, ports: [], device: 'memory', version: '0' },
    },
    { type: 'key', network: id, keyVersion: 1, publicKey: `${'A'.repeat(43)}=` },
  ]
  return frames.map(encodeFrame)
}

setFlagsFromString('--expose-gc')
const collect: () => void = runInNewContext('gc')

function heapUsed(): number {
  collect()
  return process.memoryUsage().heapUsed
}
