// How long a controller reads its log: `node --expose-gc test/log/startup.ts [entries]`, 1,000,000 unless told otherwise.
// Makes a log of nodes that enrol and come and go in a network of up to 10,000 members, and opens it with and without a
// snapshot. Prints what it measured, and what a member costs on the disk and in memory.

import { statSync } from 'node:fs'
import { parseCidr } from '../../src/address/cidr.ts'
import { Ledger } from '../../src/controller/ledger/ledger.ts'
import { SecretBytes } from '../../src/keys/secret.ts'
import { SigningKey } from '../../src/keys/signature.ts'
import type { Log } from '../../src/log/log.ts'
import { sealSnapshot } from '../../src/log/snapshot.ts'
import { openSqliteLog } from '../../src/log/sqlite.ts'
import { encodeState } from '../../src/model/codec.ts'
import type { Event } from '../../src/model/event.ts'
import { DEFAULT_PROJECT } from '../../src/model/names.ts'
import { networkId, nodeId, publicKey, verifyKey } from '../model/history.ts'
import { scratch } from './fixture.ts'

const MEMBERS = 10_000
/** The entry with which every node has enrolled and come in, once. */
const ALL_ARE_IN = 2 * MEMBERS + 2
const WINDOW = 500
const signing = new SigningKey(new SecretBytes(new Uint8Array(32).fill(3)))
const network = networkId(1)

const entries = Number(process.argv[2] ?? 1_000_000)
await using dir = await scratch()
await write(dir.log)
say('the log on the disk', `${(statSync(dir.log).size / 1e6).toFixed(0)} MB`)
say('start without a snapshot', await open(dir.log))
say('snapshot of all', await keep(dir.log))
say('start with that snapshot', await open(dir.log))

async function write(path: string): Promise<void> {
  await using log = await openSqliteLog(path)
  const start = performance.now()
  let underWay: Promise<unknown>[] = []
  for (let number = 1; number <= entries; number++) {
    const draft = {
      operation: `op-${number}`,
      at: 1_700_000_000_000 + number,
      actor: 'system',
      events: eventsOf(number),
    }
    underWay.push(log.append(number - 1, draft))
    if (underWay.length < WINDOW && number < entries && number !== ALL_ARE_IN) continue
    await Promise.all(underWay)
    underWay = []
    if (number === ALL_ARE_IN) await sayPerMember(log, path)
  }
  say(`${entries} entries written`, `${((performance.now() - start) / 1000).toFixed(1)} s`)
}

/** The keys; then every node enrols; then each comes into the network; then they leave and come back, one by one. */
function eventsOf(number: number): readonly Event[] {
  if (number === 1) {
    const authority = {
      publicKey: signing.publicKey,
      wrappedSeed: '',
      certificate: '',
      wrappedCertificateKey: '',
    }
    return [{ type: 'controller-initialised', epoch: 1, ...authority }]
  }
  const at = 1_700_000_000_000 + number
  if (number === 2) return [created(at)]
  const index = (number - 3) % MEMBERS
  const node = nodeId(index)
  const round = Math.floor((number - 3) / MEMBERS)
  if (round === 0) return [enrolled(index, at)]
  if (round % 2 === 0) return [{ type: 'member-removed', network, node, at }]
  const keys = { publicKey: publicKey(number), sealedKey: Buffer.alloc(80, number & 255).toString('base64') }
  return [{ type: 'member-added', network, node, at, slot: index + 1, keyVersion: number, ...keys }]
}

function created(at: number): Event {
  return {
    type: 'network-created',
    at,
    id: network,
    name: 'large',
    project: DEFAULT_PROJECT,
    ipv4: parseCidr('10.0.0.0/8'),
    ipv6: parseCidr('fd00:1::/48'),
    nodePrefixLength: 22,
    topology: 'mesh',
    keyCustody: 'controller',
  }
}

function enrolled(index: number, at: number): Event {
  const keys = { publicKey: verifyKey(index), sealingKey: publicKey(index) }
  return {
    type: 'node-enrolled',
    at,
    id: nodeId(index),
    project: DEFAULT_PROJECT,
    name: `node-${index}`,
    ...keys,
    labels: { rack: `r${index % 40}` },
  }
}

async function sayPerMember(log: Log, path: string): Promise<void> {
  const before = heap()
  const ledger = await Ledger.open(log, AbortSignal.abort(), () => undefined)
  const memory = (heap() - before) / (ledger.state.networks.get(network)?.members.size ?? 1)
  const disk = (statSync(path).size + statSync(`${path}-wal`).size) / MEMBERS
  say('disk for 1,000 members, a node and a membership each', `${disk.toFixed(0)} KB`)
  say('memory of the state for 1,000 members', `${memory.toFixed(0)} KB`)
}

function heap(): number {
  globalThis.gc?.()
  return process.memoryUsage().heapUsed
}

async function open(path: string): Promise<string> {
  const start = performance.now()
  await using log = await openSqliteLog(path)
  const { state } = await Ledger.open(log, AbortSignal.abort(), () => undefined)
  const took = performance.now() - start
  return `${took.toFixed(0)} ms to entry ${state.sequence} with ${state.nodes.size} nodes`
}

async function keep(path: string): Promise<string> {
  await using log = await openSqliteLog(path)
  const { state } = await Ledger.open(log, AbortSignal.abort(), () => undefined)
  const start = performance.now()
  const bytes = new Uint8Array(Buffer.from([...encodeState(state)].join('')))
  await log.keepSnapshot(sealSnapshot(log.head(), bytes, signing))
  return `${(performance.now() - start).toFixed(0)} ms, ${(bytes.length / 1e6).toFixed(1)} MB`
}

function say(what: string, figure: string): void {
  process.stdout.write(`${what}: ${figure}\n`)
}
