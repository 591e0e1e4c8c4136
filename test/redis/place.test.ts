import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { it } from 'node:test'
import { parseSite } from '../../src/log/redis/address.ts'
import { locate } from '../../src/log/redis/place.ts'

const OWNER = 'o 10.0.0.1:6379@16379 master - 0 0 7 connected 0-16383'
const replica = (id: string, at: number) => `${id} 10.0.0.${at}:6379@16379 slave o 0 0 7 connected`

it('in a Cluster every replica of which any node knows has to have a change', async () => {
  await using one = await nodeThatSays([OWNER, replica('a', 3)])
  await using two = await nodeThatSays([OWNER, replica('b', 2), replica('a', 3)])
  await using old = await nodeThatSays(['p 10.0.0.9:6379@16379 master - 0 0 6 connected 0-16383'])
  const urls = [one, two, old].map(({ port }) => `redis+cluster://127.0.0.1:${port}`)
  assert.deepEqual(await locate(parseSite(urls), 'weft:test'), {
    primary: { host: '10.0.0.1', port: 6379 },
    promotable: ['10.0.0.2:6379', '10.0.0.3:6379'],
  })
})

/** A server that knows the two commands by which a node of a Cluster is asked where a log is. */
async function nodeThatSays(lines: readonly string[]): Promise<AsyncDisposable & { readonly port: number }> {
  const nodes = lines.join('\n')
  const sockets = new Set<Socket>()
  const server: Server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('data', (data) => {
      if (/KEYSLOT/.test(data.toString())) socket.write(':42\r\n')
      if (/NODES/.test(data.toString())) socket.write(`$${nodes.length}\r\n${nodes}\r\n`)
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
