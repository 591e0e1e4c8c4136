import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { parseAddress } from '../../../src/address/cidr.ts'
import { systemClock } from '../../../src/clock.ts'
import { createNetwork } from '../../../src/controller/commands/network.ts'
import { joinNode } from '../../../src/controller/commands/node.ts'
import { createJoinToken } from '../../../src/controller/commands/token.ts'
import type { Controller, ControllerTools } from '../../../src/controller/controller.ts'
import { NOTES_FILE } from '../../../src/controller/home.ts'
import { Notebook } from '../../../src/controller/ledger/notebook.ts'
import { openController } from '../../../src/controller/open.ts'
import { reportText, toNodeReport } from '../../../src/controller/presence/facts.ts'
import { type ControllerSettings, controllerSettings } from '../../../src/controller/settings.ts'
import { Identity } from '../../../src/keys/identity.ts'
import type { Fingerprint } from '../../../src/keys/pinned.ts'
import { systemRandom } from '../../../src/keys/random.ts'
import { SecretBytes } from '../../../src/keys/secret.ts'
import type { VerifyKey } from '../../../src/keys/signature.ts'
import { apply } from '../../../src/model/apply.ts'
import type { Event } from '../../../src/model/event.ts'
import type { NetworkId } from '../../../src/model/names.ts'
import type { State } from '../../../src/model/state.ts'
import type { Facts } from '../../../src/protocol/frames.ts'
import { loadSettings } from '../../../src/settings.ts'

/** What a new controller is to know before anybody connects. */
export interface Census {
  /** Nodes that have joined: those of `identityOf(0)` and so on. */
  readonly nodes: number
  /** Networks, and how many of the nodes, from the first on, are members of each. */
  readonly networks: readonly { readonly name: string; readonly ipv4: string; readonly members: number }[]
}

/** A log with that in it, in a folder that is gone when it is disposed of. */
export interface Population extends AsyncDisposable {
  readonly dataDir: string
  readonly fingerprint: Fingerprint
  readonly controllerKey: VerifyKey
  readonly adminToken: string
}

/** The mesh of most scenarios. */
export const MESH = 'mesh'
/** Room for 65,535 members of one address each. */
export const MESH_RANGE = '10.0.0.0/14'

/** Where all agents come from. */
const HERE = parseAddress('127.0.0.1')

/** Nodes in one log entry. */
const BATCH = 500

/** Node number `index` of every run. */
export function identityOf(index: number): Identity {
  return new Identity(new SecretBytes(createHash('sha256').update(`weft bench ${index}`).digest()))
}

/** What node number `index` says of itself: a global address that no other has, and the same port in all its networks. */
export function factsOf(index: number, networks: Iterable<NetworkId>): Facts {
  const port = 51_820 + (index % 8_192)
  return {
    addresses: [`11.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}/32`],
    mtu: 1_500,
    ports: Array.from(networks, (network) => ({ network, port })),
    device: 'memory',
    version: 'bench',
  }
}

/** Writes a log as a controller would have, without a socket. */
export async function settle(census: Census): Promise<Population> {
  const dataDir = await mkdtemp(join(tmpdir(), 'weft-bench-'))
  const settings = loadSettings(controllerSettings, { environment: {}, flags: { dataDir } })
  const tools = { clock: systemClock, random: systemRandom, log: pino({ level: 'silent' }) }
  try {
    const { state, ...known } = await writeLog(settings, tools, census)
    await writeNotes(dataDir, state, census)
    return { dataDir, ...known, [Symbol.asyncDispose]: () => rm(dataDir, { recursive: true, force: true }) }
  } catch (error) {
    await rm(dataDir, { recursive: true, force: true })
    throw error
  }
}

async function writeLog(settings: ControllerSettings, tools: ControllerTools, census: Census) {
  await using controller = await openController(settings, tools)
  const adminToken = textOf(controller.firstAdminToken)
  await makeNetworks(controller, census)
  await enrolAll(controller, census)
  const { fingerprint, signing } = controller.authority
  return { state: controller.state, adminToken, fingerprint, controllerKey: signing.publicKey }
}

/** Where everybody is, as a controller has noted it that was there before. */
async function writeNotes(dataDir: string, state: State, { nodes }: Census): Promise<void> {
  using notes = await Notebook.open(join(dataDir, NOTES_FILE), () => undefined)
  for (let index = 0; index < nodes; index++) {
    const { id } = identityOf(index)
    const facts = factsOf(index, state.networksOfNode.get(id)?.keys() ?? [])
    notes.put('report', id, reportText(toNodeReport(facts, HERE)))
  }
}

async function makeNetworks(controller: Controller, { networks }: Census): Promise<void> {
  for (const { name, ipv4 } of networks) {
    await controller.change({ actor: 'bench' }, (state, tools) =>
      createNetwork(state, tools, { name, ipv4, nodePrefixLength: 32 }),
    )
  }
}

/** By the same decisions as by an agent's first connection, many in one entry. */
async function enrolAll(controller: Controller, { nodes, networks }: Census): Promise<void> {
  const borders = [0, ...networks.map(({ members }) => members), nodes].sort((a, b) => a - b)
  for (let from = 0; from < nodes; ) {
    const next = borders.find((border) => border > from) ?? nodes
    const to = Math.min(next, from + BATCH)
    const entered = networks.filter(({ members }) => members > from).map(({ name }) => name)
    await enrol(controller, { from, to, networks: entered })
    from = to
  }
}

async function enrol(
  controller: Controller,
  {
    from,
    to,
    networks,
  }: { readonly from: number; readonly to: number; readonly networks: readonly string[] },
): Promise<void> {
  await controller.change({ actor: 'bench' }, (state, tools) => {
    const token = createJoinToken(state, tools, { networks, uses: to - from })
    const secret = textOf(token.result.secret)
    const events: Event[] = [...token.events]
    let then = token.events.reduce(apply, state)
    for (let index = from; index < to; index++) {
      const { signing, sealing } = identityOf(index)
      const { publicKey } = signing
      const input = { publicKey, sealingKey: sealing.publicKey, secret, name: `node-${index}` }
      const joined = joinNode(then, tools, input).events
      then = joined.reduce(apply, then)
      events.push(...joined)
    }
    return { events, result: undefined }
  })
}

function textOf(secret: SecretBytes | undefined): string {
  return Buffer.from(secret?.expose() ?? []).toString()
}
