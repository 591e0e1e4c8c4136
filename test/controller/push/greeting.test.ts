import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, describe, it } from 'node:test'
import { WebSocket } from 'ws'
import { Identity } from '../../../src/keys/identity.ts'
import { connectPinned } from '../../../src/keys/pinned.ts'
import { systemRandom } from '../../../src/keys/random.ts'
import { SecretBytes } from '../../../src/keys/secret.ts'
import { toBase64Url } from '../../../src/keys/text.ts'
import {
  type AgentFrame,
  type ControllerFrame,
  encodeFrame,
  parseControllerFrame,
} from '../../../src/protocol/frames.ts'
import {
  AGENT_PATH,
  CHANNEL_BYTES,
  CHANNEL_LABEL,
  SUBPROTOCOL,
  signTranscript,
  type Transcript,
} from '../../../src/protocol/handshake.ts'
import { parseJoinToken } from '../../../src/protocol/jointoken.ts'
import { readControllerFrame } from '../../../src/protocol/packed.ts'
import { eventually, type Rig, startRig } from '../../rig.ts'

const facts = { addresses: ['192.0.2.9/24'], mtu: 1_500, ports: [], device: 'memory' as const, version: '0' }
const newNonce = () => toBase64Url(systemRandom(32))

describe('The handshake of the controller', () => {
  let rig: Rig
  const sockets: WebSocket[] = []
  before(async () => {
    rig = await startRig()
  })
  after(async () => {
    for (const socket of sockets) socket.terminate()
    await rig[Symbol.asyncDispose]()
  })

  it('lets in who holds the key it names and brings a token', async () => {
    const peer = await newPeer()
    await peer.hello({ join: await secretOf(rig) })
    assert.equal((await peer.next()).type, 'welcome')
  })

  it('refuses a node that never joined, and learns nothing of it', async () => {
    const peer = await newPeer()
    await peer.hello()
    assert.deepEqual(await refusal(peer), 'unauthenticated')
    assert.equal(rig.controller.state.nodes.has(peer.identity.id), false)
  })

  it('refuses who names a key that is not its own', async () => {
    const victim = await newPeer()
    await victim.hello({ join: await secretOf(rig) })
    await victim.next()
    const thief = await newPeer({ nodeKey: victim.identity.signing.publicKey })
    await thief.hello()
    assert.equal(await refusal(thief), 'identity-mismatch')
    victim.send({ type: 'facts', facts })
    await eventually(
      'the victim is still served',
      () => rig.controller.status.node(victim.identity.id).online,
    )
  })

  it('refuses a signature that was made for another connection, by its nonces and by its TLS channel', async () => {
    const first = await newPeer()
    const second = await newPeer({ identity: first.identity })
    await second.hello({}, first.transcript)
    assert.equal(await refusal(second), 'identity-mismatch')
    const third = await newPeer({ identity: first.identity })
    await third.hello({}, { ...third.transcript, channel: first.transcript.channel })
    assert.equal(await refusal(third), 'identity-mismatch')
  })

  it('refuses a sealing key that the node did not sign for, so that nobody else can have secrets sealed to himself', async () => {
    const peer = await newPeer()
    const other = new Identity(new SecretBytes(systemRandom(32)))
    await peer.hello({ sealingKey: other.sealing.publicKey, join: await secretOf(rig) })
    assert.equal(await refusal(peer), 'identity-mismatch')
  })

  it('never rebinds the sealing key of a node that exists', async () => {
    const peer = await newPeer()
    await peer.hello({ join: await secretOf(rig) })
    await peer.next()
    const node = rig.controller.state.nodes.get(peer.identity.id)
    const again = await newPeer({ identity: peer.identity })
    const other = new Identity(new SecretBytes(systemRandom(32))).sealing.publicKey
    await again.hello({ sealingKey: other, join: await secretOf(rig), signedSealingKey: other })
    assert.equal(await refusal(again), 'unauthenticated')
    assert.equal(rig.controller.state.nodes.get(peer.identity.id)?.sealingKey, node?.sealingKey)
  })

  it('answers a wrong token like a spent one', async () => {
    const wrong = await newPeer()
    await wrong.hello({ join: { secret: newNonce(), name: 'x' } })
    assert.equal(await refusal(wrong), 'token-spent')
    const join = await secretOf(rig)
    const first = await newPeer()
    await first.hello({ join })
    await first.next()
    const second = await newPeer()
    await second.hello({ join })
    assert.equal(await refusal(second), 'token-spent')
  })

  it('replaces an older session of a node by a newer one, but only after that has proven itself', async () => {
    const peer = await newPeer()
    await peer.hello({ join: await secretOf(rig) })
    await peer.next()
    const impostor = await newPeer({ nodeKey: peer.identity.signing.publicKey })
    await impostor.hello()
    await refusal(impostor)
    assert.equal(peer.socket.readyState, WebSocket.OPEN)
    const closed = once(peer.socket, 'close')
    const newer = await newPeer({ identity: peer.identity })
    await newer.hello()
    assert.equal((await newer.next()).type, 'welcome')
    assert.equal((await closed)[0], 4_001)
    assert.equal(rig.controller.status.node(peer.identity.id).online, true)
  })

  it('refuses another version of the protocol with advice, and any frame that is out of turn', async () => {
    const old = await rawSocket(rig)
    sockets.push(old.socket)
    old.socket.send(encodeFrame({ type: 'open', version: 0, nodeKey: newNonce(), nonce: newNonce() }))
    assert.match(String((await once(old.socket, 'message'))[0]), /version/)
    const early = await rawSocket(rig)
    sockets.push(early.socket)
    early.socket.send(encodeFrame({ type: 'facts', facts }))
    assert.match(String((await once(early.socket, 'message'))[0]), /protocol-error/)
  })

  it('does not read more than 64 KiB from a stranger', async () => {
    const { socket } = await rawSocket(rig)
    sockets.push(socket)
    socket.on('error', () => undefined)
    const closed = once(socket, 'close')
    socket.send('x'.repeat(70_000))
    assert.equal((await closed)[0], 1_009)
  })

  it('gives up a stranger that says nothing for five seconds', async () => {
    const { socket } = await rawSocket(rig)
    sockets.push(socket)
    const before = performance.now()
    await once(socket, 'close')
    assert.ok(performance.now() - before < 6_500)
  })

  it('refuses frames that come at the wrong time or speak of other networks, and keeps the session', async () => {
    const peer = await newPeer()
    await peer.hello({ join: await secretOf(rig) })
    await peer.next()
    peer.send({ type: 'open', version: 1, nodeKey: newNonce(), nonce: newNonce() })
    assert.equal((await peer.next()).type, 'error')
    peer.socket.send('{"type":"run","command":"reboot"}')
    assert.equal((await peer.next()).type, 'error')
    peer.send({ type: 'resync', network: `net-${'b'.repeat(16)}` })
    peer.send({ type: 'report', network: `net-${'b'.repeat(16)}`, peers: [], drift: [] })
    peer.send({
      type: 'key',
      network: `net-${'b'.repeat(16)}`,
      keyVersion: 1,
      publicKey: peer.identity.sealing.publicKey,
    })
    await eventually('it is still served', () => rig.controller.status.node(peer.identity.id).online)
    assert.equal(peer.socket.readyState, WebSocket.OPEN)
  })

  it('is followed by all that is due at once in one piece, which costs both ends less when all come back', async () => {
    await rig.createNetwork({ name: 'whole' })
    const join = await secretOf(rig, ['whole'])
    const peer = await newPeer()
    const chunks: Buffer[] = []
    peer.wire.on('data', (chunk: Buffer) => chunks.push(chunk))
    await peer.hello({ join })
    await eventually('it is told who is there', () => peer.messages.some(isOf('snapshot')))
    const told = peer.messages.slice(1).map(({ data }) => readControllerFrame(data).type)
    assert.deepEqual(told.slice(0, 3), ['welcome', 'self', 'snapshot'])
    const bytes = peer.messages.slice(1, 4).reduce((sum, { data }) => sum + data.length, 0)
    assert.ok((chunks[0]?.length ?? 0) > bytes, `${chunks[0]?.length} bytes of more than ${bytes}`)
  })

  it('is followed by text alone where the agent does not say that it reads anything else, as those of before do not', async () => {
    await rig.createNetwork({ name: 'mixed' })
    const enter = async (said: HelloSample) => {
      const peer = await newPeer()
      await peer.hello({ join: await secretOf(rig, ['mixed']), ...said })
      await eventually('it is told who is there', () => peer.messages.some(isOf('snapshot')))
      return peer
    }
    const lastOf = ({ messages }: { messages: Heard[] }) => messages.findLast(isOf('delta'))
    const first = await enter({ packed: true })
    const second = await enter({})
    await eventually('the first is told of the second', () => lastOf(first))
    await enter({})
    await eventually('both are told the same of a third', () => {
      const [packed, text] = [lastOf(first), lastOf(second)]
      if (!packed || !text) return false
      assert.deepEqual([packed.isBinary, text.isBinary], [true, false])
      const body = (frame: ControllerFrame) => 'body' in frame && frame.body
      return body(readControllerFrame(packed.data)) === body(parseControllerFrame(String(text.data)))
    })
  })

  interface HelloSample {
    readonly packed?: boolean
    readonly join?: { readonly secret: string; readonly name: string }
    readonly sealingKey?: string
    /** What the signature covers; the sealing key of the identity unless told. */
    readonly signedSealingKey?: string
  }

  /** A peer that has been challenged, and may answer as it likes. */
  async function newPeer(options: { identity?: Identity; nodeKey?: string } = {}) {
    const identity = options.identity ?? new Identity(new SecretBytes(systemRandom(32)))
    const { socket, wire, channel } = await rawSocket(rig)
    sockets.push(socket)
    const frames: string[] = []
    const messages: Heard[] = []
    socket.on('message', (data: Buffer, isBinary) => {
      frames.push(String(data))
      messages.push({ data, isBinary })
    })
    const next = async () => parseControllerFrame(await eventually('a frame', () => frames.shift()))
    const send = (frame: AgentFrame) => socket.send(encodeFrame(frame))
    const nodeKey = options.nodeKey ?? identity.signing.publicKey
    const agentNonce = newNonce()
    send({ type: 'open', version: 1, nodeKey, nonce: agentNonce })
    const challenge = await next()
    assert.equal(challenge.type, 'challenge')
    const transcript = {
      nodeKey,
      controllerKey: rig.controller.authority.signing.publicKey,
      agentNonce,
      controllerNonce: 'nonce' in challenge ? challenge.nonce : '',
      channel,
    } as Transcript
    const hello = async (said: HelloSample = {}, signed = transcript) => {
      const { join, sealingKey, signedSealingKey, packed } = said
      const own = identity.sealing.publicKey
      const signature = signTranscript(
        identity.signing,
        'weft/1 agent hello',
        signed,
        signedSealingKey ?? own,
      )
      send({
        type: 'hello',
        signature,
        sealingKey: sealingKey ?? own,
        networks: [],
        facts,
        ...(join && { join }),
        ...(packed !== undefined && { packed }),
      })
    }
    return { identity, socket, wire, transcript, next, send, hello, messages }
  }
})

interface Heard {
  readonly data: Buffer
  readonly isBinary: boolean
}

function isOf(type: ControllerFrame['type']): (heard: Heard) => boolean {
  return ({ data }) => readControllerFrame(data).type === type
}

async function refusal(peer: {
  next(): Promise<{ type: string; code?: string }>
}): Promise<string | undefined> {
  const frame = await peer.next()
  assert.equal(frame.type, 'error')
  return frame.code
}

async function secretOf(rig: Rig, networks: readonly string[] = []) {
  const ticket = parseJoinToken(await rig.joinToken({ uses: 1, networks }))
  return { secret: Buffer.from(ticket.secret.expose()).toString(), name: 'x' }
}

async function rawSocket(rig: Rig) {
  const port = Number(rig.url.split(':').at(-1))
  const wire = await connectPinned({ host: '127.0.0.1', port }, rig.controller.authority.fingerprint, 2_000)
  const channel = new Uint8Array(wire.exportKeyingMaterial(CHANNEL_BYTES, CHANNEL_LABEL, Buffer.alloc(0)))
  const socket = new WebSocket(`ws://controller${AGENT_PATH}`, SUBPROTOCOL, { createConnection: () => wire })
  await once(socket, 'open')
  return { socket, wire, channel }
}
