import { WeftError } from '../errors.ts'
import type { PrivateKey } from '../keys/wireguard.ts'
import type { InterfaceName, PeerChange, Step } from './device.ts'

/** One program run. */
export type Command =
  | { readonly program: 'ip'; readonly args: readonly string[]; readonly input: string }
  /** `file` is what the program finds in /dev/stdin. */
  | {
      readonly program: 'wg'
      readonly args: readonly string[]
      readonly file: PrivateKey | string | undefined
    }

/**
 * The program runs that take `steps` in their order, as few as can be: neighbours for the same program share one.
 * Throws `invalid-input` for a value that a program could take for an option, or for more than a value.
 */
export function commandsFor(name: InterfaceName, steps: readonly Step[]): readonly Command[] {
  const groups: Piece[][] = []
  let room = 0
  const isBulk = steps.length > BULK
  const pieces = steps.flatMap((step) => piecesOf(name, step, isBulk))
  for (const piece of isBulk ? filesLast(pieces) : pieces) {
    const size = piece.words.reduce((sum, word) => sum + word.length + 1, 0)
    const group = groups.at(-1)
    if (group?.[0]?.tool === piece.tool && size <= room) {
      group.push(piece)
    } else {
      groups.push([piece])
      room = piece.tool === 'wg addconf' ? FILE_ROOM : ARGUMENT_ROOM
    }
    room -= size
  }
  return groups.map((group) => commandOf(name, group))
}

/** Between two runs of `ip`, what is in files comes last: alternating with arguments, each peer would be a run of its own. */
function filesLast(pieces: readonly Piece[]): Piece[] {
  const sorted: Piece[] = []
  let files: Piece[] = []
  for (const piece of pieces) {
    if (piece.tool === 'wg addconf') files.push(piece)
    else if (piece.tool === 'wg set') sorted.push(piece)
    else {
      sorted.push(...files, piece)
      files = []
    }
  }
  return [...sorted, ...files]
}

/** What one step adds to a command. */
interface Piece {
  readonly tool: 'ip' | 'wg set' | 'wg addconf'
  readonly words: readonly string[]
  readonly privateKey?: PrivateKey
}

/** Characters in the arguments of one run: some 400 peers, and far below the 128 KiB that execve(2) takes at least. */
const ARGUMENT_ROOM = 65_536
/** Characters in the file of one run: some 4,000 peers, which take half a second; a program has ten on a machine that is busy. */
const FILE_ROOM = 524_288
/** With more steps than this, peers go through files. */
const BULK = 512

function commandOf(name: InterfaceName, pieces: readonly Piece[]): Command {
  const words = pieces.flatMap((piece) => piece.words)
  switch (pieces[0]?.tool) {
    case 'wg set':
      return {
        program: 'wg',
        args: ['set', name, ...words],
        file: pieces.find((piece) => piece.privateKey)?.privateKey,
      }
    case 'wg addconf':
      return { program: 'wg', args: ['addconf', name, '/dev/stdin'], file: words.join('\n') }
    default:
      return {
        program: 'ip',
        args: ['-batch', '-'],
        input: pieces.map((piece) => `${piece.words.join(' ')}\n`).join(''),
      }
  }
}

function piecesOf(name: InterfaceName, step: Step, isBulk: boolean): Piece[] {
  switch (step.kind) {
    case 'set-key':
      return [{ tool: 'wg set', words: ['private-key', '/dev/stdin'], privateKey: step.privateKey }]
    case 'set-port':
      return [{ tool: 'wg set', words: ['listen-port', String(step.listenPort)] }]
    case 'set-mtu':
      return [{ tool: 'ip', words: ['link set dev', name, 'mtu', String(step.mtu)] }]
    case 'set-alias':
      return [{ tool: 'ip', words: ['link set dev', name, 'alias', `"${harmless(step.alias)}"`] }]
    case 'add-address':
      return [{ tool: 'ip', words: ['address add', harmless(step.address), 'dev', name] }]
    case 'remove-address':
      return [{ tool: 'ip', words: ['address delete', harmless(step.address), 'dev', name] }]
    case 'set-up':
      return [{ tool: 'ip', words: ['link set dev', name, 'up'] }]
    case 'add-route':
      return [{ tool: 'ip', words: routeWords(name, step) }]
    case 'remove-route':
      return [{ tool: 'ip', words: ['route delete', harmless(step.route), 'dev', name] }]
    case 'set-peer':
      return peerPieces(step.peer, isBulk)
    case 'remove-peer':
      return [{ tool: 'wg set', words: ['peer', harmless(step.publicKey), 'remove'] }]
  }
}

/** "static": of an administrator, to be left alone by routing daemons (ip-route(8)). */
function routeWords(name: InterfaceName, step: Extract<Step, { kind: 'add-route' }>): string[] {
  const words = [step.replaces ? 'route replace' : 'route add', harmless(step.route), 'dev', name]
  if (step.mtu !== undefined) words.push('mtu', String(step.mtu))
  return [...words, 'proto static']
}

/**
 * A list too long for an argument goes through a file, and so do all lists where there are many peers. A file cannot take a
 * preshared key away.
 */
function peerPieces(peer: PeerChange, isBulk: boolean): Piece[] {
  const allowed = peer.allowedIps?.map(harmless).join(',')
  const isShort = allowed !== undefined && allowed.length < ARGUMENT_ROOM
  if (!allowed || (isShort && !isBulk)) return [peerPiece(peer, allowed)]
  const section = sectionOf(peer, allowed)
  return peer.removePresharedKey ? [peerPiece(peer), section] : [section]
}

function sectionOf({ publicKey, endpoint, keepalive }: PeerChange, allowed: string): Piece {
  const words = ['[Peer]', `PublicKey = ${harmless(publicKey)}`]
  if (endpoint !== undefined) words.push(`Endpoint = ${harmless(endpoint)}`)
  if (keepalive !== undefined) words.push(`PersistentKeepalive = ${keepalive}`)
  return { tool: 'wg addconf', words: [...words, `AllowedIPs = ${allowed}`, ''] }
}

/** wg(8): an empty file removes the preshared key, 0 the keepalive, an empty list all allowed IPs. */
function peerPiece(
  { publicKey, endpoint, keepalive, removePresharedKey }: PeerChange,
  allowed?: string,
): Piece {
  const words = ['peer', harmless(publicKey)]
  if (removePresharedKey) words.push('preshared-key', '/dev/null')
  if (endpoint !== undefined) words.push('endpoint', harmless(endpoint))
  if (keepalive !== undefined) words.push('persistent-keepalive', String(keepalive))
  if (allowed !== undefined) words.push('allowed-ips', allowed)
  return { tool: 'wg set', words }
}

/** Types keep other text away; this is the second lock: no quotes, no `#`, no line ends, no `-` at the beginning. */
function harmless(value: string): string {
  if (/^[\w[:+/][\w .:/+=[\]%-]*$/.test(value)) return value
  throw new WeftError('invalid-input', `${JSON.stringify(value)} cannot be given to a program.`)
}
