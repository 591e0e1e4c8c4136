import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { closeSync, openSync, readFileSync, readSync } from 'node:fs'
import type { TestContext } from 'node:test'
import type { Host } from '../../src/lab/host.ts'
import { packetsIn, startCapture } from '../wireguard/capture.ts'

/** In each family. */
const PINGS = 20
/** In hex half as many bytes as ping(8) takes for a pattern; it fills each packet with them, over and over. */
const MARKER_BYTES = 8

/** Who talks to whom, and where nobody may understand it. */
export interface Whisper {
  readonly from: Host
  /** Of the other, one of each family. */
  readonly addresses: readonly string[]
  /** The interface by which the packets go in clear: the search has to find them there. */
  readonly clear: string
  /** Hosts between the two: all that passes any of their interfaces is searched, and what their programs have in memory. */
  readonly between?: readonly Host[]
  /** Hosts of which one or another carries each packet, and none may read it: searched like those between. */
  readonly carriers?: readonly Host[]
  /** Ports of the two themselves, where nobody is between: what passes there is searched. */
  readonly cables?: readonly Cable[]
}

interface Cable {
  readonly host: Host
  /** Name of the interface; `any` for all. */
  readonly device: string
}

/** Sends packets full of a marker from one member to the other, and fails if it can be read anywhere between. */
export async function assertBlind(
  t: TestContext,
  { from, addresses, clear, between = [], carriers = [], cables = [] }: Whisper,
): Promise<void> {
  const marker = Buffer.from(randomBytes(MARKER_BYTES).toString('hex'))
  const strangers = [...between, ...carriers]
  const places = [...strangers.map((host) => ({ host, device: 'any' })), ...cables]
  const control = await startCapture(from, clear)
  const captures = await Promise.all(places.map(({ host, device }) => startCapture(host, device)))
  const ping = ['-q', '-n', '-c', String(PINGS), '-i', '0.02', '-s', '400', '-p', marker.toString('hex')]
  for (const address of addresses) await from.exec('ping', [...ping, address], 30_000)
  const inMemory = await Promise.all(strangers.map((host) => programsThatHold(host, marker)))
  const seen = await Promise.all(captures.map((capture) => capture.end()))
  assert.ok((await control.end()).includes(marker), 'the search finds the marker where it is')
  const holder = await from.start('holder', ['sleep', '60'], { MARKER: marker.toString() })
  assert.ok((await programsThatHold(from, marker)).includes(holder.pid), 'also in memory')
  const counts = seen.map(packetsIn)
  for (const [at, { host, device }] of places.entries()) {
    t.diagnostic(`${host.name}, ${device}: ${counts[at]} packets seen, no marker among them`)
    assert.ok(!seen[at]?.includes(marker), `the marker passes ${host.name} in clear`)
  }
  for (const [at, host] of strangers.entries())
    assert.deepEqual(inMemory[at], [], `the marker is in the memory of programs on ${host.name}`)

  // Requests and answers; where somebody is between, each comes in and goes out.
  const crossings = 2 * addresses.length * PINGS
  const countAt = (host: Host) => counts[places.findIndex((place) => place.host === host)] ?? 0
  for (const host of between) assert.ok(countAt(host) >= 2 * crossings, `${host.name} is on the way`)
  for (const { host } of cables) assert.ok(countAt(host) >= crossings, `${host.name} is on the way`)
  const carried = carriers.reduce((sum, host) => sum + countAt(host), 0)
  assert.ok(carriers.length === 0 || carried >= 2 * crossings, `${carried} packets were carried`)
}

/** Numbers of the processes in the namespace of a host that have the bytes in memory that they may write. */
async function programsThatHold(host: Host, bytes: Buffer): Promise<number[]> {
  const pids = (await host.exec('ip', ['netns', 'pids', host.namespace ?? ''], 60_000))
    .split('\n')
    .filter(Boolean)
  return pids.map(Number).filter((pid) => memoryHolds(pid, bytes))
}

const CHUNK_BYTES = 1 << 22

/** See proc(5) on maps and mem. */
function memoryHolds(pid: number, bytes: Buffer): boolean {
  try {
    const memory = openSync(`/proc/${pid}/mem`, 'r')
    try {
      return writableRegions(pid).some((region) => regionHolds(memory, region, bytes))
    } finally {
      closeSync(memory)
    }
  } catch {
    // It has ended.
    return false
  }
}

function writableRegions(pid: number): (readonly [start: number, end: number])[] {
  const lines = readFileSync(`/proc/${pid}/maps`, 'utf8').matchAll(/^([\da-f]+)-([\da-f]+) rw.. .*$/gm)
  return [...lines].map(([, start = '', end = '']) => [Number.parseInt(start, 16), Number.parseInt(end, 16)])
}

function regionHolds(memory: number, [start, end]: readonly [number, number], bytes: Buffer): boolean {
  const chunk = Buffer.alloc(CHUNK_BYTES)
  for (let at = start; at < end; at += CHUNK_BYTES - bytes.length) {
    const read = readAt(memory, chunk.subarray(0, Math.min(CHUNK_BYTES, end - at)), at)
    if (chunk.subarray(0, read).includes(bytes)) return true
  }
  return false
}

/** Some regions are reserved and cannot be read. */
function readAt(memory: number, chunk: Buffer, at: number): number {
  try {
    return readSync(memory, chunk, 0, chunk.length, at)
  } catch {
    return 0
  }
}
