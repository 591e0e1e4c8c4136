import type { Socket } from 'node:net'

/** How many sockets may be open whose callers have proven nothing. */
export interface StrangerLimits {
  readonly total: number
  readonly perAddress: number
}

/**
 * Sockets of callers that have not proven anything yet; counted before TLS, where refusing costs least. Unix sockets are
 * not counted: who may open them is decided by the file system.
 */
export class Strangers {
  readonly #limits: StrangerLimits
  /** Undefined: it is in the hands of the controller, which ends it. */
  readonly #sockets = new Map<string, Socket | undefined>()
  readonly #perAddress = new Map<string, number>()

  constructor(limits: StrangerLimits) {
    this.#limits = limits
  }

  /** Takes a place for a socket until it is closed or known. False when there is none: then close it at once. */
  enter(socket: Socket): boolean {
    const { remoteAddress: address } = socket
    if (address === undefined) return true
    const count = this.#perAddress.get(address) ?? 0
    if (count >= this.#limits.perAddress || this.#sockets.size >= this.#limits.total) return false
    const id = idOf(socket)
    this.#sockets.set(id, socket)
    this.#perAddress.set(address, count + 1)
    socket.once('close', () => this.#leave(id, address))
    return true
  }

  /** Gives the place back: whoever holds the other end has shown a token or proven an identity. */
  known(socket: Socket): void {
    if (socket.remoteAddress !== undefined) this.#leave(idOf(socket), socket.remoteAddress)
  }

  /** It has become a websocket, and still proven nothing. */
  handedOver(socket: Socket): void {
    const id = idOf(socket)
    if (this.#sockets.has(id)) this.#sockets.set(id, undefined)
  }

  /** Ends those that a server would: some are between TLS and HTTP, where no server knows them. */
  close(): void {
    for (const socket of this.#sockets.values()) socket?.destroy()
  }

  #leave(id: string, address: string): void {
    if (!this.#sockets.delete(id)) return
    const left = (this.#perAddress.get(address) ?? 1) - 1
    if (left > 0) this.#perAddress.set(address, left)
    else this.#perAddress.delete(address)
  }
}

/** The same for a socket and for the TLS socket that is put around it. */
export function idOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return [remoteAddress, remotePort, localAddress, localPort].join(' ')
}
