import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { type Address, type Cidr, contains, toBlock, toCidr } from '../address/cidr.ts'
import type { Clock } from '../clock.ts'
import { WeftError } from '../errors.ts'
import { readAddress } from '../topology/endpoint.ts'

export interface EchoTools {
  readonly clock: Clock
  /** Ends the service. */
  readonly signal: AbortSignal
  /** Answers per second to all askers together. */
  readonly limit?: number
}

/** 10,000 nodes that watch closely, with two probes a second each. */
const LIMIT = 20_000
/** Bytes; an answer is never longer than its question, so nothing is amplified. */
const LONGEST = 64
/** A relay has a /64 of the transit, in which every node has an address. */
const TRANSIT_PREFIX = 64

/**
 * Answers each datagram of up to 64 bytes from the /64 of `address` with the same bytes, so that nodes can tell whether a
 * relay lives and how far it is. @returns the port, for 0 takes any. Rejects with `port-taken`, or with `unsupported` when
 * the address is none of this machine.
 */
export async function startEcho(address: Address, port: number, tools: EchoTools): Promise<number> {
  const { clock, signal, limit = LIMIT } = tools
  const socket = createSocket({ type: 'udp6', ipv6Only: true })
  const range = rangeOf(address)
  const allowance = new Allowance(clock, limit)
  socket.on('message', (message, asker) => {
    if (
      message.length <= LONGEST &&
      allowance.take() &&
      mayAsk(asker, { range, port: socket.address().port })
    )
      // It is lost if it cannot be sent: the asker takes that for a miss, rightly.
      socket.send(message, asker.port, asker.address, () => undefined)
  })
  await bind(socket, address, port)
  socket.on('error', () => undefined)
  socket.unref()
  const close = () => socket.close()
  if (signal.aborted) close()
  else signal.addEventListener('abort', close, { once: true })
  return port || socket.address().port
}

/** So many in each second; what is over is not saved. */
class Allowance {
  readonly #clock: Clock
  readonly #limit: number
  #second = Number.NEGATIVE_INFINITY
  #left = 0

  constructor(clock: Clock, limit: number) {
    this.#clock = clock
    this.#limit = limit
  }

  take(): boolean {
    const now = this.#clock.monotonic()
    if (now >= this.#second + 1_000) {
      this.#second = now
      this.#left = this.#limit
    }
    this.#left -= 1
    return this.#left >= 0
  }
}

function rangeOf(address: Address): Cidr {
  const { family, first } = toBlock(address)
  const below = BigInt(TRANSIT_PREFIX)
  return toCidr({ family, first: (first >> below) << below, prefixLength: TRANSIT_PREFIX })
}

/** Whom an echo of this range and port answers. Never another echo: set on each other by one forged datagram, two would not end. */
export function mayAsk(
  asker: Pick<RemoteInfo, 'address' | 'port'>,
  { range, port }: { readonly range: Cidr; readonly port: number },
): boolean {
  const address = readAddress(asker.address)
  return address !== undefined && contains(range, address) && asker.port !== port
}

async function bind(socket: Socket, address: Address, port: number): Promise<void> {
  try {
    socket.bind({ address, port, exclusive: true })
    await once(socket, 'listening')
  } catch (cause) {
    socket.close()
    const isTaken = cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE'
    throw new WeftError(
      isTaken ? 'port-taken' : 'unsupported',
      `The echo of this relay cannot listen on [${address}]:${port}.`,
      {
        advice: isTaken
          ? 'Free the port: nodes look for the echo there.'
          : 'It is tried again when the transit is up.',
        cause,
      },
    )
  }
}
