import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'

/** What becomes of what passes, in one direction. */
export type Fault =
  | { readonly kind: 'pass' }
  /** Nothing arrives, and nobody is told: a half-open connection. */
  | { readonly kind: 'drop' }
  | { readonly kind: 'delay'; readonly milliseconds: number }
  /** So many bytes a second. */
  | { readonly kind: 'slow'; readonly bytesPerSecond: number }
  /** One bit of every so many bytes is turned. */
  | { readonly kind: 'corrupt'; readonly every: number }
  /** Both ends are cut off when the next bytes come, which do not arrive: the other end has done what it never tells of. */
  | { readonly kind: 'kill' }

const PASS: Fault = Object.freeze({ kind: 'pass' })
const SLICE_MS = 20

/** A TCP proxy on loopback that spoils what passes. Faults hold from the moment they are set, for open connections too. */
export class FaultProxy implements AsyncDisposable {
  /** From callers to the server. */
  requests: Fault = PASS
  /** From the server to callers. */
  replies: Fault = PASS
  /** Bytes that arrived, both ways together. */
  passed = 0
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  /** Where connections lead that come from now on. */
  target: { readonly port: number; readonly host: string }

  private constructor(target: { readonly port: number; readonly host: string }) {
    this.target = target
    this.#server = createServer((caller) => {
      const server = connect(this.target)
      this.#keep(caller, server)
      this.#keep(server, caller)
      this.#pump(caller, server, () => this.requests)
      this.#pump(server, caller, () => this.replies)
    })
  }

  static async to(port: number, host = '127.0.0.1'): Promise<FaultProxy> {
    const proxy = new FaultProxy({ port, host })
    proxy.#server.listen(0, '127.0.0.1')
    await once(proxy.#server, 'listening')
    return proxy
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  heal(): void {
    this.requests = PASS
    this.replies = PASS
  }

  /** Resets all open connections. */
  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #keep(socket: Socket, other: Socket): void {
    this.#sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => {
      this.#sockets.delete(socket)
      other.destroy()
    })
  }

  async #pump(from: Socket, to: Socket, fault: () => Fault): Promise<void> {
    try {
      for await (const bytes of from) await this.#carry(bytes, to, fault())
      to.end()
    } catch {
      // One of the ends went away; the other one goes with it.
      to.destroy()
    }
  }

  async #carry(bytes: Buffer, to: Socket, fault: Fault): Promise<void> {
    switch (fault.kind) {
      case 'pass':
        return this.#write(bytes, to)
      case 'drop':
        return
      case 'delay':
        await wait(fault.milliseconds)
        return this.#write(bytes, to)
      case 'slow':
        return this.#trickle(bytes, to, fault.bytesPerSecond)
      case 'corrupt':
        return this.#write(corrupted(bytes, fault.every, this.passed), to)
      case 'kill':
        return this.cut()
    }
  }

  async #trickle(bytes: Buffer, to: Socket, bytesPerSecond: number): Promise<void> {
    const slice = Math.max(1, Math.floor((bytesPerSecond * SLICE_MS) / 1_000))
    for (let at = 0; at < bytes.length; at += slice) {
      await wait(SLICE_MS)
      await this.#write(bytes.subarray(at, at + slice), to)
    }
  }

  async #write(bytes: Buffer, to: Socket): Promise<void> {
    this.passed += bytes.length
    if (!to.write(bytes)) await once(to, 'drain', { signal: AbortSignal.timeout(60_000) })
  }
}

function corrupted(bytes: Buffer, every: number, passed: number): Buffer {
  const copy = Buffer.from(bytes)
  for (let at = every - 1 - (passed % every); at < copy.length; at += every)
    copy.writeUInt8(copy.readUInt8(at) ^ 1, at)
  return copy
}
