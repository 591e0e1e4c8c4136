// One end of a TCP transfer in the lab, run inside a host:
//   receive ADDRESS            listens for one connection; prints `port N`, and at its end `took MILLISECONDS` since the
//                              first byte and `done BYTES SHA256`
//   send ADDRESS PORT BYTES    sends random bytes and prints `done BYTES SHA256`

import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

const CHUNK_BYTES = 65_536

async function main([role, address = '', port = '', bytes = '']: readonly string[]): Promise<void> {
  if (role === 'receive') await receive(address)
  else await send(address, Number(port), Number(bytes))
}

async function receive(address: string): Promise<void> {
  const server = createServer().listen(0, address)
  await once(server, 'listening')
  const place = server.address()
  print(`port ${typeof place === 'object' ? place?.port : ''}`)
  const [socket] = await once(server, 'connection')
  server.close()
  const tally = createTally()
  let start: number | undefined
  for await (const chunk of socket) {
    start ??= performance.now()
    tally.add(chunk)
  }
  print(`took ${performance.now() - (start ?? performance.now())}`)
  tally.print()
}

async function send(address: string, port: number, bytes: number): Promise<void> {
  const tally = createTally()
  const chunks = Readable.from(randomChunks(bytes)).on('data', tally.add)
  await pipeline(chunks, connect(port, address))
  tally.print()
}

function* randomChunks(bytes: number): Generator<Buffer> {
  for (let left = bytes; left > 0; left -= CHUNK_BYTES) yield randomBytes(Math.min(left, CHUNK_BYTES))
}

function createTally() {
  const hash = createHash('sha256')
  let bytes = 0
  return {
    add(chunk: Buffer) {
      bytes += chunk.length
      hash.update(chunk)
    },
    print: () => print(`done ${bytes} ${hash.digest('hex')}`),
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

await main(process.argv.slice(2))
