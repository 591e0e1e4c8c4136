import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/** A TCP port of this machine through which a Unix socket is reached, byte for byte. */
export interface Door extends AsyncDisposable {
  readonly port: number
}

const HOST = '127.0.0.1'

/** Opens a door to a Unix socket on 127.0.0.1, at `port` or, when another program has that, at any free one. */
export async function openDoor(socket: string, port: number): Promise<Door> {
  const open = new Set<Socket>()
  // Half open: one side may have said all it has to say while the other still answers.
  const server = createServer({ allowHalfOpen: true }, (outer) =>
    pass(outer, connect({ path: socket, allowHalfOpen: true }), open),
  )
  await listen(server, port).catch(() => listen(server, 0))
  return {
    port: portOf(server.address()),
    async [Symbol.asyncDispose]() {
      for (const end of open) end.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

function pass(outer: Socket, inner: Socket, open: Set<Socket>): void {
  for (const [end, other] of [
    [outer, inner],
    [inner, outer],
  ] as const) {
    open.add(end)
    end.pipe(other)
    // Whatever ends one side, an error or a hang-up, ends the other.
    end.on('error', () => other.destroy())
    end.on('close', () => {
      open.delete(end)
      other.destroy()
    })
  }
}

async function listen(server: Server, port: number): Promise<void> {
  server.listen(port, HOST)
  await once(server, 'listening')
}

function portOf(address: AddressInfo | string | null): number {
  return typeof address === 'object' && address !== null ? address.port : 0
}
