import type { Cidr } from '../address/cidr.ts'
import { WeftError } from '../errors.ts'
import { type PublicKey, parsePublicKey } from '../keys/wireguard.ts'
import type { Endpoint, ObservedDevice, ObservedPeer } from './device.ts'

/** What `wg` knows of an interface, less the secrets. */
export type WireGuardFacts = Pick<ObservedDevice, 'publicKey' | 'listenPort' | 'peers'>

/**
 * Reads `wg show IFACE dump` (wg(8)): columns between tabs, the interface on the first line, then a peer on each.
 * Throws `program-failed` for anything else. Private and preshared keys are neither kept nor repeated in an error.
 */
export function parseDump(text: string): WireGuardFacts {
  const [first = '', ...rest] = text.trimEnd().split('\n')
  const [, publicKey = '', listenPort = ''] = columns(first, 4)
  const peers = new Map<PublicKey, ObservedPeer>()
  for (const line of rest) {
    const peer = parsePeer(line)
    peers.set(peer.publicKey, peer)
  }
  return {
    publicKey: publicKey === NONE ? undefined : parseKey(publicKey),
    listenPort: parseCount(listenPort),
    peers,
  }
}

const NONE = '(none)'

function parsePeer(line: string): ObservedPeer {
  const [key = '', preshared, endpoint = '', allowed = '', handshake = '', rx = '', tx = '', keepalive = ''] =
    columns(line, 8)
  return {
    publicKey: parseKey(key),
    endpoint: endpoint === NONE ? undefined : printedEndpoint(endpoint),
    allowedIps: allowed === NONE ? [] : allowed.split(',').map(printedRange).sort(),
    keepalive: keepalive === 'off' ? 0 : parseCount(keepalive),
    latestHandshake: parseCount(handshake),
    rxBytes: parseCount(rx),
    txBytes: parseCount(tx),
    hasPresharedKey: preshared !== NONE,
  }
}

function columns(line: string, count: number): readonly string[] {
  const fields = line.split('\t')
  if (fields.length !== count) throw odd(`${count} columns`)
  return fields
}

function parseKey(text: string): PublicKey {
  const key = parsePublicKey(text)
  if (!key) throw odd('a public key')
  return key
}

function parseCount(text: string): number {
  if (!/^\d{1,20}$/.test(text)) throw odd('a number')
  return Number(text)
}

/** `wg` prints canonically, also such ranges as we would never plan; what was set by hand must be readable too. */
function printedRange(text: string): Cidr {
  if (!/^[\da-f.:]+\/\d{1,3}$/.test(text)) throw odd('an address range')
  return text as Cidr
}

/** With a zone where there is one, like `[fe80::1%eth0]:51820`. */
function printedEndpoint(text: string): Endpoint {
  if (!/^(\[[\da-f.:]+(%[^\]\s]+)?\]|[\d.]+):\d{1,5}$/.test(text)) throw odd('an endpoint')
  return text as Endpoint
}

function odd(expected: string): WeftError {
  return new WeftError('program-failed', `wg printed something else where ${expected} should be.`, {
    advice: 'Check that wg is that of wireguard-tools.',
  })
}
