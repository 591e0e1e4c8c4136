// One end of a talk over plain UDP, run inside a host of the lab:
//   mirror ADDRESS PORT             prints `ready`, and answers every datagram with where it came from
//   ask PORT MIRROR…                asks from its own port; prints a line for each: where it is seen, or `silence`
//   punch PORT TARGET MS            knocks at the target from its own port; prints `heard ADDRESS:PORT`, or `silence`
// A mirror or target is written ADDRESS:PORT; only the address of `mirror` may be IPv6.

import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'

const KNOCK_MS = 50
const ANSWER_MS = 1_000

async function main([role, ...rest]: readonly string[]): Promise<void> {
  const [first = '', second = '', third = ''] = rest
  if (role === 'mirror') return mirror(first, Number(second))
  await using end = await bind('0.0.0.0', Number(first))
  if (role === 'punch') print(await punch(end.socket, second, Number(third)))
  else for (const target of rest.slice(1)) print(await ask(end.socket, target))
}

async function mirror(address: string, port: number): Promise<void> {
  const { socket } = await bind(address, port)
  socket.on('message', (_, from) => socket.send(placeOf(from), from.port, from.address))
  print('ready')
}

async function ask(socket: Socket, target: string): Promise<string> {
  const signal = AbortSignal.timeout(ANSWER_MS)
  const answer = once(socket, 'message', { signal })
  knock(socket, target)
  return answer.then(
    ([text]) => String(text),
    () => 'silence',
  )
}

/** Goes on knocking after it has heard something, for the other end may not have yet. */
async function punch(socket: Socket, target: string, limit: number): Promise<string> {
  let heard = 'silence'
  socket.on('message', (_, from) => {
    heard = `heard ${placeOf(from)}`
  })
  const end = performance.now() + limit
  while (performance.now() < end) {
    knock(socket, target)
    await wait(KNOCK_MS)
  }
  return heard
}

function knock(socket: Socket, target: string): void {
  const [address, port] = target.split(':')
  // A host may say that it cannot be reached; what counts here is whether it answers.
  socket.send('knock', Number(port), address, () => undefined)
}

async function bind(address: string, port: number) {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4').on('error', () => undefined)
  socket.bind(port, address)
  await once(socket, 'listening')
  return {
    socket,
    async [Symbol.asyncDispose]() {
      socket.close()
      await once(socket, 'close')
    },
  }
}

function placeOf({ address, port }: RemoteInfo): string {
  return `${address}:${port}`
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

await main(process.argv.slice(2))
