import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'

export type Fake = AsyncDisposable & { readonly port: number }

/** Answers each command, of which it gets the words. */
export async function serverThat(answer: (command: string) => string | Promise<string>): Promise<Fake> {
  const sockets = new Set<Socket>()
  const server: Server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    let before = Promise.resolve()
    const reply = async (data: Buffer) => {
      // Each command begins with the number of its words.
      for (const [command] of data.toString().matchAll(/\*\d[^*]*/g)) socket.write(await answer(command))
    }
    socket.on('data', (data) => {
      before = before.then(() => reply(data))
    })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return {
    port: portOf(server.address()),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await once(server.close(), 'close')
    },
  }
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new Error('it does not listen')
  return address.port
}

/** As a reply. */
export function list(texts: readonly string[]): string {
  return `*${texts.length}\r\n${texts.map((text) => `$${text.length}\r\n${text}\r\n`).join('')}`
}
